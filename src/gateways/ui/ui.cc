#include "gateways/ui/ui.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "gateways/ui/page_script.h"
#include "gateways/ui/pages.h"
#include "gateways/ui/proxy.h"

namespace howdah::gateways {
namespace {

constexpr base::Millis kConnect{2000};
constexpr base::Millis kProbe{250};

base::Error failed_precondition(std::string message) {
  return {base::Code::kFailedPrecondition, std::move(message), {}, {}};
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
    return let_in(request, query,
                  {std::string(kUiPath) + path->cluster + "/", token, grant->until - now});
  }
  const auto grant =
      check_ui_token(o_.secret, path->cluster,
                     cookie_value(request.headers.value_or("Cookie", ""), kUiCookie), now);
  if (!grant) return ui_denied(path->cluster);
  return proxy(request, *path, *grant);
}

http::Response Ui::proxy(http::Request& request, const UiPath& path, const UiGrant& grant) {
  if (path.node == kPageScriptName && path.port == 0) return ui_script();
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
    return ui_redirect(308, path.prefix + "/" + (request.query.empty() ? "" : "?" + request.query));
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
  return pass_on(request, std::move(*socket), {where, path.rest, rewriting(path, row)});
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
