#include "http/exchange.h"

#include <fmt/format.h>

#include <optional>

#include "http/request_body.h"
#include "http/request_head.h"
#include "http/response_head.h"
#include "http/stream.h"

namespace howdah::http {
namespace {

constexpr size_t kMaxHead = 64 * 1024;
constexpr size_t kPiece = 64 * 1024;

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// What the peer sends behind its head; owns the connection.
class PeerBody final : public BodySource {
 public:
  PeerBody(std::unique_ptr<Stream> stream, const ResponseHead& head, bool has_body)
      : stream_(std::move(stream)) {
    if (!has_body) {
      length_ = 0;
      ended_ = true;
    } else if (head.chunked || head.content_length) {
      RequestHead framing;
      framing.chunked = head.chunked;
      framing.content_length = head.content_length.value_or(0);
      framed_.emplace(*stream_, framing);
      length_ = head.content_length;
    }
  }

  base::Result<size_t> read(std::span<char> into) override {
    if (ended_) return size_t{0};
    const size_t got = framed_ ? TRY(framed_->read(into)) : TRY(read_to_end(into));
    ended_ = got == 0;
    return got;
  }
  std::optional<uint64_t> length() const override { return length_; }

 private:
  base::Result<size_t> read_to_end(std::span<char> into) {
    const std::string_view there = stream_->buffered();
    if (there.empty()) return stream_->receive(into);
    const size_t count = there.copy(into.data(), into.size());
    stream_->consume(count);
    return count;
  }

  std::unique_ptr<Stream> stream_;
  std::optional<RequestBody> framed_;  // none: the body ends with the connection
  std::optional<uint64_t> length_;
  bool ended_ = false;
};

base::Result<std::string> head_of(const ExchangeRequest& request) {
  if (!is_one_line(request.method) || !is_one_line(request.target) ||
      request.target.find(' ') != std::string::npos)
    return base::invalid_argument("a line break or a space in the request's target");
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  for (const auto& [name, value] : request.headers) {
    if (!is_one_line(name) || !is_one_line(value))
      return base::invalid_argument("a line break in the header field " + name);
    out += fmt::format("{}: {}\r\n", name, value);
  }
  if (request.body) {
    const auto length = request.body->length();
    out += length ? fmt::format("Content-Length: {}\r\n", *length)
                  : std::string("Transfer-Encoding: chunked\r\n");
  }
  return out + "Connection: close\r\n\r\n";
}

base::Status send_body(Stream& stream, BodyReader& body) {
  std::vector<char> piece(kPiece);
  const bool chunked = !body.length().has_value();
  for (;;) {
    const size_t got = TRY(body.read(piece));
    if (chunked) TRY(stream.send(fmt::format("{:x}\r\n", got)));
    if (got > 0) TRY(stream.send({piece.data(), got}));
    if (chunked) TRY(stream.send("\r\n"));
    if (got == 0) return base::ok();
  }
}

base::Result<ResponseHead> read_head(Stream& stream, base::Millis timeout) {
  for (size_t searched = 0;;) {
    const size_t length = find_head_end(stream.buffered(), searched);
    if (length != std::string_view::npos) {
      ResponseHead head = TRY(parse_response_head(stream.buffered().substr(0, length)));
      stream.consume(length);
      searched = 0;
      if (head.status / 100 != 1) return head;  // 100 Continue and its like go before the answer
      continue;
    }
    searched = stream.buffered().size();
    if (!TRY(stream.fill(kMaxHead, timeout)))
      return base::unavailable("the connection ended before an answer came");
  }
}

}  // namespace

base::Result<ExchangeResponse> exchange(base::Fd socket, const ExchangeRequest& request,
                                        base::Millis timeout) {
  const std::string head_text = TRY(head_of(request));
  auto stream = std::make_unique<Stream>(std::move(socket), timeout);
  if (request.whole) stream->give_up_after(*request.whole);
  TRY(stream->send(head_text));
  if (request.body) TRY(send_body(*stream, *request.body));
  ResponseHead head = TRY(read_head(*stream, timeout));
  const bool has_body =
      request.method != "HEAD" && head.status != 204 && head.status != 304 && head.status >= 200;
  ExchangeResponse out;
  out.status = head.status;
  out.body = std::make_unique<PeerBody>(std::move(stream), head, has_body);
  out.headers = std::move(head.headers);
  return out;
}

}  // namespace howdah::http
