#include "gateways/ui/proxy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "gateways/ui/link.h"
#include "gateways/ui/pages.h"
#include "http/exchange.h"

namespace howdah::gateways {
namespace {

constexpr base::Millis kPatience{60000};
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

http::Headers headers_for_node(const http::Request& request, const Passing& to) {
  http::Headers out;
  out.add("Host", to.host);
  for (const auto& [name, value] : request.headers) {
    if (!stays_here(name)) out.add(name, value);
  }
  const std::string cookies = without_cookie(request.headers.value_or("Cookie", ""), kUiCookie);
  if (!cookies.empty()) out.add("Cookie", cookies);
  out.add("Accept-Encoding", "identity");
  out.add("X-Forwarded-Context", to.links.base);  // Spark writes its links with it
  return out;
}

}  // namespace

http::Response pass_on(http::Request& request, base::Fd socket, const Passing& to) {
  if (std::find(std::begin(kMethods), std::end(kMethods), request.method) == std::end(kMethods))
    return ui_page(405, "This method is not passed on", request.method);
  http::ExchangeRequest passed;
  passed.method = request.method;
  passed.target = to.rest + (request.query.empty() ? "" : "?" + request.query);
  passed.headers = headers_for_node(request, to);
  const bool has_body =
      request.headers.contains("Content-Length") || request.headers.contains("Transfer-Encoding");
  if (has_body) passed.body = request.body;
  auto answer = http::exchange(std::move(socket), passed, kPatience);
  if (!answer.ok())
    return ui_page(502, "It broke off", fmt::format("{}: {}", to.host, answer.error().message));

  const Rewriting& links = to.links;
  http::Response out;
  out.status = answer->status;
  for (const auto& [name, value] : answer->headers) {
    if (!stays_there(name)) out.headers.add(name, value);
    if (base::equals_ignore_case(name, "Location"))
      out.headers.add("Location", rewrite_location(value, links));
    if (base::equals_ignore_case(name, "Set-Cookie")) {
      if (std::string cookie = rewrite_cookie(value, links.base); !cookie.empty())
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

http::Response let_in(const http::Request& request, const std::string& query, const LetIn& in) {
  http::Response out = ui_redirect(303, request.path + (query.empty() ? "" : "?" + query));
  out.headers.add(
      "Set-Cookie",
      fmt::format("{}={}; Path={}; Max-Age={}; HttpOnly; SameSite=Strict{}", kUiCookie, in.token,
                  in.path, in.lasts.count() / 1000, request.tls ? "; Secure" : ""));
  return out;
}

}  // namespace howdah::gateways
