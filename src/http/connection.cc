#include "http/connection.h"

#include <exception>

#include "base/clock.h"
#include "base/log.h"
#include "http/request_body.h"
#include "http/request_head.h"
#include "http/response_writer.h"
#include "http/stream.h"

namespace howdah::http {
namespace {

constexpr uint64_t kDrained =
    1024 * 1024;  // of a body that the handler left, to keep the connection
constexpr size_t kLingered = 64 * 1024 * 1024;  // of one that is left for good
constexpr base::Millis kLinger{2000};

class Connection {
 public:
  Connection(Accepted accepted, const ServerOptions& options, const Handler& handler,
             const ConnectionHooks& hooks)
      : peer_(std::move(accepted.peer)),
        id_(accepted.id),
        options_(options),
        handler_(handler),
        hooks_(hooks),
        stream_(std::move(accepted.socket), options.io_timeout) {}

  void run() {
    while (next_request()) {
    }
    hooks_.closing();
  }

 private:
  /// False when the connection has ended.
  bool next_request() {
    if (stream_.buffered().empty() && !stream_.wait_readable(options_.idle_timeout).ok())
      return false;
    size_t length = 0;
    if (!read_head(&length)) return false;
    Request request;
    RequestHead head;
    if (const auto fault = parse_head(stream_.buffered().substr(0, length), &head)) {
      refuse(fault->status, fault->why);
      return false;
    }
    stream_.consume(length);
    RequestBody body(stream_, head);
    request.method = std::move(head.method);
    request.target = std::move(head.target);
    request.path = std::move(head.path);
    request.query = std::move(head.query);
    request.headers = std::move(head.headers);
    request.body = &body;
    request.peer = peer_;
    request.connection_id = id_;
    return answer(request, head, body) && hooks_.rest();
  }

  bool answer(Request& request, const RequestHead& head, RequestBody& body) {
    Response response = call(request);
    ResponseFraming framing{request.method == "HEAD", head.http_1_1,
                            head.keep_alive && can_go_on(body) && !hooks_.stopping()};
    const base::Status written = write_response(stream_, response, &framing);
    if (!written.ok()) {
      base::log_debug("http", "{} {} for {}: {}", request.method, request.path, peer_,
                      written.error().message);
      return false;
    }
    if (framing.keep_alive && body.drain(kDrained)) return true;
    // unread bytes would make closing a reset, and the peer might lose the answer
    if (!body.finished() || !stream_.buffered().empty()) stream_.linger(kLingered, kLinger);
    return false;
  }

  /// What was left unread can be read away, or nothing was.
  static bool can_go_on(const RequestBody& body) {
    if (body.finished()) return true;
    return body.intact() && !body.awaited() && body.length().value_or(0) <= kDrained;
  }

  Response call(Request& request) {
    try {
      return handler_(request);
    } catch (const std::exception&
                 error) {  // out of memory, or a bug: one request fails, not the server
      base::log_error("http", "{} {}: {}", request.method, request.path, error.what());
      return {500, {}, std::string("Internal error\n")};
    }
  }

  /// Reads until a whole head is buffered. Its clock starts with its first byte, whatever the pace.
  bool read_head(size_t* length) {
    const base::SystemClock clock;
    base::Millis until{0};
    for (size_t searched = 0;;) {
      const std::string_view bytes = stream_.buffered();
      if (bytes.starts_with("\r\n")) {  // RFC 9112, 2.2: an empty line before a request is ignored
        stream_.consume(2);
        searched = 0;
        continue;
      }
      *length = find_head_end(bytes, searched);
      if (*length != std::string_view::npos && *length <= options_.max_header_bytes)
        return hooks_.begin();
      if (bytes.size() >= options_.max_header_bytes) {
        refuse(431, "the request's head is too long");
        return false;
      }
      searched = bytes.size();
      if (until.count() == 0) until = clock.steady() + options_.io_timeout;
      const auto more = stream_.fill(options_.max_header_bytes, until - clock.steady());
      if (more.ok() && *more) continue;
      if (!more.ok() && more.error().code == base::Code::kDeadlineExceeded && searched > 0) {
        refuse(408, "the request's head did not come in time");
      }
      return false;
    }
  }

  void refuse(int status, const std::string& why) {
    base::log_debug("http", "a request of {} is refused with {}: {}", peer_, status, why);
    Response response{status, {}, why + "\n"};
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    ResponseFraming framing;
    framing.keep_alive = false;
    if (write_response(stream_, response, &framing).ok()) stream_.linger(kLingered, kLinger);
  }

  const std::string peer_;
  const uint64_t id_;
  const ServerOptions& options_;
  const Handler& handler_;
  const ConnectionHooks& hooks_;
  Stream stream_;
};

}  // namespace

void serve(Accepted accepted, const ServerOptions& options, const Handler& handler,
           const ConnectionHooks& hooks) {
  Connection(std::move(accepted), options, handler, hooks).run();
}

}  // namespace howdah::http
