#pragma once

// One request over a connection that someone else has opened (into a node's network), and its
// answer, streamed both ways: what a reverse proxy and a probe need. Ownership: exchange() takes
// the socket; the answer's body keeps it, and closes it at its end. Threads: one. Failure: errors
// as Results, below; a body that breaks off is an error of its read().

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::http {

struct ExchangeRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, as they are to be sent
  Headers headers;  // Host among them; Connection, Content-Length, Transfer-Encoding are added
  BodyReader* body = nullptr;  // nullptr: none. Of unknown length: sent chunked
  /// When set, the whole exchange, the answer's body included, waits no longer than this in all.
  std::optional<base::Millis> whole = {};
};

struct ExchangeResponse {
  int status = 0;
  Headers headers;                   // as they came
  std::unique_ptr<BodySource> body;  // never null; empty where there is none
};

/// `timeout`: of each wait for the peer. kUnavailable when it goes away or does not speak
/// HTTP/1.x, kDeadlineExceeded when it stalls; kInvalidArgument for a line break in the request.
base::Result<ExchangeResponse> exchange(base::Fd socket, const ExchangeRequest& request,
                                        base::Millis timeout);

}  // namespace howdah::http
