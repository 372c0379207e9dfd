#pragma once

// An HTTP/1.1 server: one blocking thread a connection, keep-alive, pipelining in order, chunked
// and fixed bodies both ways, `Expect: 100-continue` answered when the handler first reads the
// body, deadlines on every read and write. Ownership: the Server owns its listeners and threads;
// the handlers must outlive it. Failure: broken requests get 400/408/413/431 and the connection
// ends.

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::http {

struct ServerOptions {
  std::string address = "127.0.0.1";  // an IP address literal
  uint16_t port = 0;                  // 0: any free one
  int listener = -1;  // an already listening socket to own and serve instead; -1: none
  std::chrono::milliseconds idle_timeout{
      120000};  // of a kept-alive connection: longer than the 30 s of waiters
  std::chrono::milliseconds io_timeout{60000};  // of a whole head, then of one read or write
  size_t max_header_bytes = 64 * 1024;
  size_t max_connections = 8192;  // beyond it: 503 and close
};

class Server {
 public:
  virtual ~Server() = default;  // stops
  /// Listening, and answering, when it returns. kAlreadyExists when the port is taken.
  static base::Result<std::unique_ptr<Server>> start(const ServerOptions& options, Handler handler);
  virtual uint16_t port() const = 0;
  /// Serves another listening socket too, until drop(): same limits, a handler of its own. Gives
  /// the number that drop() takes. kCancelled when the server stops.
  virtual base::Result<uint64_t> also_serve(base::Fd listener, Handler handler) = 0;
  /// Closes that listener and cuts its connections; calls of its handler that run may still end
  /// after it. An unknown number is nothing to do.
  virtual void drop(uint64_t listener) = 0;
  /// Stops accepting, lets running requests finish for `grace`, then closes their connections and
  /// waits for their handlers: wake those that block on something else first. Not from a handler.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace howdah::http
