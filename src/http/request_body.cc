#include "http/request_body.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace howdah::http {
namespace {

constexpr size_t kMaxLine = 4096;  // of a chunk's size with its extensions, or a trailer
constexpr size_t kMaxTrailers = 16 * 1024;
constexpr size_t kDirect = 4096;  // shorter reads go through the stream's buffer

base::Error broken(const char* what) {
  return base::invalid_argument(std::string("the request's chunked body is broken: ") + what);
}

}  // namespace

RequestBody::RequestBody(Stream& stream, const RequestHead& head)
    : stream_(stream),
      left_(head.content_length),
      chunked_(head.chunked),
      expects_continue_(head.expects_continue),
      finished_(!head.chunked && head.content_length == 0) {
  if (chunked_) {
    left_ = 0;
  } else {
    length_ = head.content_length;
  }
}

base::Result<size_t> RequestBody::read(std::span<char> into) {
  if (fault_) return *fault_;
  if (finished_) return size_t{0};
  auto result = read_next(into);
  if (!result.ok()) fault_ = result.error();
  return result;
}

base::Result<size_t> RequestBody::read_next(std::span<char> into) {
  CHECK(!into.empty());
  if (expects_continue_) {
    expects_continue_ = false;
    // a peer that did not wait needs no leave
    if (stream_.buffered().empty()) TRY(stream_.send("HTTP/1.1 100 Continue\r\n\r\n"));
  }
  if (chunked_ && left_ == 0) {
    TRY(next_chunk());
    if (finished_) return size_t{0};
  }
  const size_t got = TRY(read_part(into.first(std::min<uint64_t>(into.size(), left_))));
  left_ -= got;
  if (left_ == 0 && !chunked_) finished_ = true;
  return got;
}

base::Result<size_t> RequestBody::read_part(std::span<char> into) {
  if (stream_.buffered().empty()) {
    if (into.size() >= kDirect) {
      const size_t got = TRY(stream_.receive(into));
      if (got == 0) return base::unavailable("the peer went away within the request's body");
      return got;
    }
    if (!TRY(stream_.fill(kMaxLine))) {
      return base::unavailable("the peer went away within the request's body");
    }
  }
  const size_t count = std::min(into.size(), stream_.buffered().size());
  std::memcpy(into.data(), stream_.buffered().data(), count);
  stream_.consume(count);
  return count;
}

/// Without its line break; valid until the stream's next change. The caller consumes it.
base::Result<std::string_view> RequestBody::line() {
  for (size_t searched = 0;;) {
    const std::string_view bytes = stream_.buffered();
    const size_t end = bytes.find('\n', searched);
    if (end != std::string_view::npos) {
      if (end > kMaxLine) return broken("a line is too long");
      if (end == 0 || bytes[end - 1] != '\r') return broken("a line ends without CR LF");
      return bytes.substr(0, end - 1);
    }
    searched = bytes.size();
    if (searched > kMaxLine) return broken("a line is too long");
    if (!TRY(stream_.fill(kMaxLine + 2))) {
      return base::unavailable("the peer went away within the request's body");
    }
  }
}

base::Status RequestBody::next_chunk() {
  if (!std::exchange(first_chunk_, false)) {
    if (!TRY(line()).empty()) return broken("a chunk is longer than its size");
    stream_.consume(2);
  }
  const std::string_view text = TRY(line());
  const std::string_view digits = base::trim(text.substr(0, text.find(';')));
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      digits.data() != text.data()) {
    left_ = 0;
    return broken("a chunk's size is not a hexadecimal number");
  }
  stream_.consume(text.size() + 2);
  if (left_ > 0) return base::ok();
  for (size_t trailers = 0;;) {
    const size_t size = TRY(line()).size() + 2;
    stream_.consume(size);
    if (size == 2) break;
    if ((trailers += size) > kMaxTrailers) return broken("its trailers are too long");
  }
  finished_ = true;
  return base::ok();
}

bool RequestBody::drain(uint64_t limit) {
  char scratch[16 * 1024];
  for (uint64_t read_so_far = 0; !finished_;) {
    if (read_so_far > limit) return false;
    const auto got = read(scratch);
    if (!got.ok()) return false;
    read_so_far += *got;
  }
  return intact();
}

}  // namespace howdah::http
