#include "http/response_head.h"

#include <boost/beast/http/basic_parser.hpp>
#include <charconv>

#include "base/text.h"

namespace howdah::http {
namespace {

namespace beast = boost::beast;
constexpr size_t kMaxFields = 512;

/// Beast's parser, writing straight into a ResponseHead.
class Parser final : public beast::http::basic_parser<false> {
 public:
  explicit Parser(ResponseHead* head) : head_(head) {}

 private:
  using Ec = beast::error_code;
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       Ec&) override {}
  void on_response_impl(int status, beast::string_view, int, Ec&) override {
    head_->status = status;
  }
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

  ResponseHead* head_;
  size_t fields_ = 0;
};

base::Status find_framing(ResponseHead& head) {
  size_t lengths = 0;
  for (const auto& [name, value] : head.headers) {
    if (base::equals_ignore_case(name, "Transfer-Encoding")) {
      if (!base::equals_ignore_case(value, "chunked") || head.chunked)
        return base::unavailable("the answer has the transfer coding " + value);
      head.chunked = true;
    }
    if (!base::equals_ignore_case(name, "Content-Length")) continue;
    uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    const bool is_number = error == std::errc() && end == value.data() + value.size();
    if (!is_number || ++lengths > 1)
      return base::unavailable("the answer's Content-Length is not one number");
    head.content_length = length;
  }
  if (head.chunked && head.content_length)
    return base::unavailable("the length of the answer's body is given in two ways");
  return base::ok();
}

}  // namespace

base::Result<ResponseHead> parse_response_head(std::string_view bytes) {
  ResponseHead head;
  Parser parser(&head);
  parser.header_limit(static_cast<uint32_t>(bytes.size() + 1));
  parser.body_limit(boost::none);
  parser.skip(true);  // the body is ours to read
  beast::error_code error;
  parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::http::error::need_more)
    return base::unavailable("the answer is not HTTP/1.1: " + error.message());
  if (!parser.is_header_done()) return base::unavailable("the answer's head is not complete");
  TRY(find_framing(head));
  return head;
}

}  // namespace howdah::http
