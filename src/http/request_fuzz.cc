// Any bytes as one connection's input: heads and bodies one after the other, as connection.cc reads
// them. What is accepted must be free of what smuggles.

#include <sys/socket.h>

#include <cstdint>

#include "http/request_body.h"
#include "http/request_head.h"
#include "http/stream.h"

namespace {

using namespace howdah;

void check_head(const http::RequestHead& head) {
  CHECK(head.path.starts_with('/'));
  CHECK(!(head.chunked && head.headers.contains("Content-Length")));
  CHECK(head.chunked || head.content_length == 0 || head.headers.contains("Content-Length"));
  for (const auto& [name, value] : head.headers) {
    CHECK(!name.empty() &&
          name.find_first_of(std::string_view("\r\n\0: \t", 6)) == std::string::npos);
    CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 60000) return 0;  // what a socket takes without a reader
  int fds[2];
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
  base::Fd peer(fds[0]);
  http::Stream stream(base::Fd(fds[1]), base::Millis(1000));
  CHECK(::send(peer.get(), data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size));
  ::shutdown(peer.get(), SHUT_WR);
  for (size_t searched = 0;;) {
    const std::string_view bytes = stream.buffered();
    const size_t length = http::find_head_end(bytes, searched);
    if (length == std::string_view::npos) {
      searched = bytes.size();
      const auto more = stream.fill(64 * 1024);
      if (!more.ok() || !*more) return 0;
      continue;
    }
    http::RequestHead head;
    if (http::parse_head(bytes.substr(0, length), &head)) return 0;
    check_head(head);
    stream.consume(length);
    searched = 0;
    http::RequestBody body(stream, head);
    const auto text = http::read_all(body, 1 << 20);
    if (!text.ok()) return 0;
    CHECK(body.finished() && text->size() <= size);
  }
}
