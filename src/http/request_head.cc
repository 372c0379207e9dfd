#include "http/request_head.h"

#include <fmt/format.h>

#include <boost/beast/http/basic_parser.hpp>
#include <cctype>
#include <charconv>

#include "base/text.h"

namespace howdah::http {
namespace {

namespace beast = boost::beast;
constexpr size_t kMaxFields = 512;

/// Beast's parser, writing straight into a RequestHead.
class Parser final : public beast::http::basic_parser<true> {
 public:
  explicit Parser(RequestHead* head) : head_(head) {}
  bool too_many() const { return fields_ > kMaxFields; }

 private:
  using Ec = beast::error_code;
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, Ec&) override {
    head_->method = method;
    head_->target = target;
    head_->http_1_1 = version == 11;
  }
  void on_response_impl(int, beast::string_view, int, Ec&) override {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     Ec& ec) override {
    if (++fields_ > kMaxFields) {
      ec = beast::http::error::header_limit;
      return;
    }
    head_->headers.add(name, value);
  }
  void on_header_impl(Ec&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Ec&) override {}
  std::size_t on_body_impl(beast::string_view body, Ec&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, Ec&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Ec&) override {
    return body.size();
  }
  void on_finish_impl(Ec&) override {}

  RequestHead* head_;
  size_t fields_ = 0;
};

HeadFault bad(std::string why) { return {400, std::move(why)}; }

size_t count_of(const Headers& headers, std::string_view name) {
  size_t count = 0;
  for (const auto& [field, value] : headers) count += base::equals_ignore_case(field, name);
  return count;
}

/// The request line ends in a well-formed version, if not one of ours.
bool names_a_version(std::string_view bytes) {
  const auto words = base::split(bytes.substr(0, bytes.find("\r\n")), ' ');
  if (words.size() != 3 || words[2].size() != 8 || !words[2].starts_with("HTTP/")) return false;
  return std::isdigit(static_cast<unsigned char>(words[2][5])) && words[2][6] == '.' &&
         std::isdigit(static_cast<unsigned char>(words[2][7]));
}

/// RFC 9112, 3.2: origin-form, absolute-form (whose authority replaces Host), and "*" of OPTIONS.
std::optional<HeadFault> split_target(RequestHead* head) {
  std::string_view rest = head->target;
  if (rest == "*" && head->method == "OPTIONS") {
    head->path = "/";
    return std::nullopt;
  }
  if (!rest.starts_with('/')) {
    const size_t scheme = rest.find("://");
    if (scheme == std::string_view::npos ||
        (!base::equals_ignore_case(rest.substr(0, scheme), "http") &&
         !base::equals_ignore_case(rest.substr(0, scheme), "https"))) {
      return bad("the request's target is neither a path nor an http URL");
    }
    rest.remove_prefix(scheme + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    if (authority.empty() || authority.find('@') != std::string_view::npos) {
      return bad("the request's target names no host");
    }
    head->headers.set("Host", authority);
    rest.remove_prefix(authority.size());
  }
  const size_t mark = rest.find('?');
  head->path = rest.substr(0, mark);
  if (head->path.empty()) head->path = "/";
  if (mark != std::string_view::npos) head->query = rest.substr(mark + 1);
  return std::nullopt;
}

/// How the body is framed; one way only, said once.
std::optional<HeadFault> find_framing(RequestHead* head) {
  const size_t lengths = count_of(head->headers, "Content-Length");
  const size_t codings = count_of(head->headers, "Transfer-Encoding");
  if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0)) {
    return bad("the length of the request's body is given in more than one way");
  }
  if (lengths == 1) {
    const std::string_view value = *head->headers.find("Content-Length");
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), head->content_length);
    if (error != std::errc() || end != value.data() + value.size()) {
      return bad("Content-Length is not a number");
    }
  }
  if (codings == 1) {
    if (!base::equals_ignore_case(*head->headers.find("Transfer-Encoding"), "chunked")) {
      return HeadFault{501, "only the transfer coding \"chunked\" is known"};
    }
    if (!head->http_1_1) return bad("HTTP/1.0 has no transfer codings");
    head->chunked = true;
  }
  return std::nullopt;
}

std::optional<HeadFault> find_connection(RequestHead* head) {
  bool close = false, keep = false;
  for (const auto& [name, value] : head->headers) {
    if (!base::equals_ignore_case(name, "Connection")) continue;
    for (std::string_view token : base::split(value, ',')) {
      close |= base::equals_ignore_case(base::trim(token), "close");
      keep |= base::equals_ignore_case(base::trim(token), "keep-alive");
    }
  }
  head->keep_alive = !close && (head->http_1_1 || keep);
  const size_t hosts = count_of(head->headers, "Host");
  if (hosts > 1) return bad("more than one Host");
  if (hosts == 0 && head->http_1_1) return bad("no Host");
  if (const auto expect = head->headers.find("Expect")) {
    if (!base::equals_ignore_case(*expect, "100-continue")) {
      return HeadFault{417, "only the expectation \"100-continue\" is known"};
    }
    head->expects_continue = head->http_1_1 && (head->chunked || head->content_length > 0);
  }
  return std::nullopt;
}

}  // namespace

size_t find_head_end(std::string_view bytes, size_t searched) {
  const size_t at = bytes.find("\r\n\r\n", searched < 3 ? 0 : searched - 3);
  return at == std::string_view::npos ? at : at + 4;
}

std::optional<HeadFault> parse_head(std::string_view bytes, RequestHead* head) {
  // a folded field could mean two things (RFC 9112, 5.2), a NUL cuts it short in C programs
  if (bytes.find("\r\n ") != std::string_view::npos ||
      bytes.find("\r\n\t") != std::string_view::npos) {
    return bad("a folded header field");
  }
  Parser parser(head);
  parser.header_limit(static_cast<uint32_t>(bytes.size() + 1));
  parser.body_limit(boost::none);
  beast::error_code error;
  parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (parser.too_many())
    return HeadFault{431, fmt::format("more than {} header fields", kMaxFields)};
  if (error == beast::http::error::bad_version && names_a_version(bytes)) {
    return HeadFault{505, "HTTP/1.1 is spoken here"};
  }
  if (error && error != beast::http::error::need_more) return bad(error.message());
  if (!parser.is_header_done()) return bad("the request's head is not complete");
  if (auto fault = split_target(head)) return fault;
  if (auto fault = find_framing(head)) return fault;
  return find_connection(head);
}

}  // namespace howdah::http
