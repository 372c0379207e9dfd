#include "gateways/ui/ui.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "gateways/ui/page_script.h"
#include "gateways/ui/pages.h"
#include "http/exchange.h"

namespace howdah::gateways {
namespace {

constexpr base::Millis kConnect{2000};
constexpr base::Millis kPatience{60000};
constexpr base::Millis kProbe{250};
constexpr const char* kMethods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"};

// Of one connection (RFC 9110, 7.6.1), or for us alone, or about where the browser is.
bool stays_here(std::string_view name) {
  const std::string lower = base::to_lower(name);
  for (const std::string_view one :
       {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
        "content-length", "expect", "host", "cookie", "authorization", "accept-encoding", "origin",
        "referer", "forwarded"}) {
    if (lower == one) return true;
  }
  return lower.starts_with("proxy-") || lower.starts_with("x-amz-") ||
         lower.starts_with("x-forwarded-") || lower.starts_with("sec-");
}

bool stays_there(std::string_view name) {
  const std::string lower = base::to_lower(name);
  for (const std::string_view one :
       {"connection", "keep-alive", "trailer", "transfer-encoding", "upgrade", "content-length",
        "date", "location", "set-cookie", "strict-transport-security", "alt-svc"}) {
    if (lower == one) return true;
  }
  return lower.starts_with("proxy-") || lower.starts_with("access-control-");
}

/// A page's links are rewritten while it passes.
class RewrittenBody final : public http::BodySource {
 public:
  RewrittenBody(std::unique_ptr<http::BodySource> from, Rewriter rewriter)
      : from_(std::move(from)), rewriter_(std::move(rewriter)) {}

  base::Result<size_t> read(std::span<char> into) override {
    while (sent_ == ready_.size() && !ended_) {
      piece_.resize(32 * 1024);
      const size_t got = TRY(from_->read(piece_));
      ended_ = got == 0;
      ready_ = rewriter_.feed({piece_.data(), got}, ended_);
      sent_ = 0;
    }
    const size_t count = std::string_view(ready_).substr(sent_).copy(into.data(), into.size());
    sent_ += count;
    return count;
  }
  std::optional<uint64_t> length() const override { return std::nullopt; }

 private:
  std::unique_ptr<http::BodySource> from_;
  Rewriter rewriter_;
  std::vector<char> piece_;
  std::string ready_;
  size_t sent_ = 0;
  bool ended_ = false;
};

http::Headers headers_for_node(const http::Request& request, const UiPath& path,
                               const std::string& host) {
  http::Headers out;
  out.add("Host", fmt::format("{}:{}", host, path.port));
  for (const auto& [name, value] : request.headers) {
    if (!stays_here(name)) out.add(name, value);
  }
  const std::string cookies = without_cookie(request.headers.value_or("Cookie", ""), kUiCookie);
  if (!cookies.empty()) out.add("Cookie", cookies);
  out.add("Accept-Encoding", "identity");
  out.add("X-Forwarded-Context", path.prefix);  // Spark writes its links with it
  return out;
}

base::Error failed_precondition(std::string message) {
  return {base::Code::kFailedPrecondition, std::move(message), {}, {}};
}

http::Response redirect(int status, const std::string& to) {
  http::Response out;
  out.status = status;
  out.headers.set("Location", to);
  out.headers.set("Cache-Control", "no-store");
  out.headers.set("Referrer-Policy", "no-referrer");
  out.body = std::string();
  return out;
}

// The token leaves the address bar at once.
http::Response let_in(const http::Request& request, const UiPath& path, const std::string& token,
                      const UiGrant& grant, const std::string& query, base::Time now) {
  http::Response out = redirect(303, request.path + (query.empty() ? "" : "?" + query));
  out.headers.add("Set-Cookie",
                  fmt::format("{}={}; Path={}{}/; Max-Age={}; HttpOnly; SameSite=Strict{}",
                              kUiCookie, token, kUiPath, path.cluster,
                              (grant.until - now).count() / 1000, request.tls ? "; Secure" : ""));
  return out;
}

}  // namespace

bool Ui::owns(const http::Request& request) {
  if (!request.path.starts_with(kUiPath)) return false;
  const bool is_api =
      request.method == "POST" && request.path.find('/', kUiPath.size()) == std::string::npos;
  return !is_api;
}

http::Response Ui::answer(http::Request& request) {
  const auto path = parse_ui_path(request.path);
  if (!path) return ui_page(404, "There is nothing here", "A path is <cluster>/<node>/<port>/…");
  const base::Time now = o_.clock.now();
  std::string token;
  const std::string query = without_parameter(request.query, kUiParameter, &token);
  if (!token.empty()) {
    const auto grant = check_ui_token(o_.secret, path->cluster, token, now);
    if (!grant) return ui_denied(path->cluster);
    return let_in(request, *path, token, *grant, query, now);
  }
  const auto grant =
      check_ui_token(o_.secret, path->cluster,
                     cookie_value(request.headers.value_or("Cookie", ""), kUiCookie), now);
  if (!grant) return ui_denied(path->cluster);
  return proxy(request, *path, *grant);
}

http::Response Ui::proxy(http::Request& request, const UiPath& path, const UiGrant& grant) {
  if (path.node == kPageScriptName && path.port == 0) {
    http::Response out;
    out.headers.set("Content-Type", "text/javascript; charset=utf-8");
    out.headers.set("Cache-Control", "private, max-age=300");
    out.body = std::string(kPageScript);
    return out;
  }
  const auto row = o_.store.cluster({o_.account, grant.region, path.cluster});
  if (!row.ok()) return ui_page(404, "There is no such cluster", row.error().message);
  if (path.node.empty()) return list(*row);
  const cluster::Node* node = node_named(*row, path.node);
  if (!node) {
    return ui_page(404, "There is no such node",
                   fmt::format("{} has no running node '{}'.", path.cluster, path.node));
  }
  if (path.port == 0 || !may_proxy(*row, *node, path.port)) {
    return ui_page(404, "This port is not for browsers",
                   fmt::format("The applications of {} have no web interface at port {} of {}.",
                               path.cluster, path.port, path.node));
  }
  if (path.rest.empty())
    return redirect(308, path.prefix + "/" + (request.query.empty() ? "" : "?" + request.query));
  if (std::find(std::begin(kMethods), std::end(kMethods), request.method) == std::end(kMethods))
    return ui_page(405, "This method is not passed on", request.method);
  return pass(request, path, *row, *node);
}

http::Response Ui::pass(http::Request& request, const UiPath& path, const store::ClusterRow& row,
                        const cluster::Node& node) {
  const std::string where = fmt::format("{}:{}", hostname_of(row, node), path.port);
  auto socket =
      o_.nodes.connect_inside(cluster::node_id(row.as_cluster(), node.number), path.port, kConnect);
  if (!socket.ok()) {
    return ui_page(502, "It does not answer",
                   fmt::format("{} ({}): {}. It may not have started yet, or has ended; see "
                               "howdah status, and the logs of {}.",
                               where, node.instance_id, socket.error().message, path.cluster));
  }
  http::ExchangeRequest passed;
  passed.method = request.method;
  passed.target = path.rest + (request.query.empty() ? "" : "?" + request.query);
  passed.headers = headers_for_node(request, path, hostname_of(row, node));
  const bool has_body =
      request.headers.contains("Content-Length") || request.headers.contains("Transfer-Encoding");
  if (has_body) passed.body = request.body;
  auto answer = http::exchange(std::move(*socket), passed, kPatience);
  if (!answer.ok())
    return ui_page(502, "It broke off", fmt::format("{}: {}", where, answer.error().message));

  const Rewriting links = rewriting(path, row);
  http::Response out;
  out.status = answer->status;
  for (const auto& [name, value] : answer->headers) {
    if (!stays_there(name)) out.headers.add(name, value);
    if (base::equals_ignore_case(name, "Location"))
      out.headers.add("Location", rewrite_location(value, links));
    if (base::equals_ignore_case(name, "Set-Cookie")) {
      if (std::string cookie = rewrite_cookie(value, path.prefix); !cookie.empty())
        out.headers.add("Set-Cookie", cookie);
    }
  }
  const Content content = content_of(answer->headers.value_or("Content-Type", ""));
  const bool plain = base::equals_ignore_case(
      answer->headers.value_or("Content-Encoding", "identity"), "identity");
  const bool whole = answer->status != 206 && answer->status != 204 && answer->status != 304;
  if (content != Content::kOther && plain && whole && request.method != "HEAD") {
    out.headers.remove("Content-MD5");
    out.body = std::unique_ptr<http::BodySource>(
        std::make_unique<RewrittenBody>(std::move(answer->body), Rewriter(content, links)));
  } else if (request.method == "HEAD" || !whole) {
    out.body = std::string();
    if (answer->status == 206) out.body = std::move(answer->body);
  } else {
    out.body = std::move(answer->body);
  }
  return out;
}

Rewriting Ui::rewriting(const UiPath& path, const store::ClusterRow& row) {
  Rewriting out;
  out.base = path.prefix;
  out.script = fmt::format("<script src=\"{}{}/{}\" data-base=\"{}\"></script>", kUiPath,
                           path.cluster, kPageScriptName, path.prefix);
  // By value: it is asked while the body passes, after this call.
  out.locate = [path, row](std::string_view host, uint16_t port) -> std::optional<std::string> {
    const cluster::Node* node = node_named(row, host);
    if (!node || host == "primary" || !may_proxy(row, *node, port)) return std::nullopt;
    if (port == path.port && node == node_named(row, path.node)) return path.prefix;
    return fmt::format("{}{}/{}/{}", kUiPath, path.cluster, node->instance_id, port);
  };
  return out;
}

bool Ui::answers(const store::ClusterRow& row, const Interface& interface) {
  const cluster::Node* node = node_named(row, interface.node);
  return node && o_.nodes
                     .connect_inside(cluster::node_id(row.as_cluster(), node->number),
                                     interface.port, kProbe)
                     .ok();
}

uint16_t Ui::live_spark(const store::ClusterRow& row, const cluster::Node& node) {
  for (uint16_t port = kFirstLiveSpark; port <= kLastLiveSpark; ++port) {
    if (answers(row, {"", "", node.instance_id, port, ""})) return port;
  }
  return kFirstLiveSpark;
}

http::Response Ui::list(const store::ClusterRow& row) { return ui_list(row, interfaces_of(row)); }

base::Result<Ui::Link> Ui::link(const cluster::Key& key, std::string_view app) {
  const auto row = TRY(o_.store.cluster(key));
  if (cluster::is_terminal(row.status.state))
    return failed_precondition(
        fmt::format("Cluster {} has ended; its web interfaces went with it.", key.id));
  Link out;
  out.until = o_.clock.now() + kLinkLifetime;
  const std::string token = make_ui_token(o_.secret, key.region, key.id, out.until);
  std::string page;
  if (!app.empty()) {
    const std::vector<std::string> names = interface_names();
    if (std::find(names.begin(), names.end(), app) == names.end()) {
      return base::invalid_argument(fmt::format("There is no web interface '{}': there are {}.",
                                                app, base::join(names, ", ")));
    }
    const std::vector<Interface> all = interfaces_of(row);
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Interface& one) { return one.app == app; });
    if (found == all.end()) {
      return failed_precondition(
          fmt::format("Cluster {} has no {}: it is not among its applications, or no node of it "
                      "runs yet.",
                      key.id, app));
    }
    out.interface = *found;
    const cluster::Node* node = node_named(row, found->node);
    if (app == "spark" && node) out.interface.port = live_spark(row, *node);
    page = fmt::format("{}/{}{}", out.interface.node, out.interface.port, out.interface.path);
  }
  out.path = fmt::format("{}{}/{}?{}={}", kUiPath, key.id, page, kUiParameter, token);
  return out;
}

base::Result<base::JsonObject> Ui::describe(const cluster::Key& key, std::string_view app) {
  const Link first = TRY(link(key, app));
  const auto row = TRY(o_.store.cluster(key));
  const cluster::Node* primary = node_named(row, "primary");
  base::JsonArray all;
  for (const Interface& one : interfaces_of(row)) {
    base::JsonObject entry{
        {"App", one.app},
        {"Title", one.title},
        {"Node", one.node},
        {"Port", one.port},
        {"Url", fmt::format("{}{}/{}/{}{}", kUiPath, key.id, one.node, one.port, one.path)}};
    // Of hundreds of nodes the primary's are asked, and these few at once.
    if (primary && one.node == primary->instance_id) entry["Answers"] = answers(row, one);
    all.push_back(std::move(entry));
  }
  return base::JsonObject{
      {"Url", first.path}, {"Expires", base::to_iso8601(first.until)}, {"Uis", std::move(all)}};
}

}  // namespace howdah::gateways
