#pragma once

// Writes an answer: its head with what the server adds (Date, Content-Length or Transfer-Encoding,
// Connection), then its body. Threads: one per stream. Failure: any error means that the connection
// is of no further use.

#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "http/stream.h"

namespace howdah::http {

struct ResponseFraming {
  bool head_only = false;  // the request was HEAD: a head with the length, no body
  bool http_1_1 = true;    // else unknown lengths end with the connection
  bool keep_alive = true;  // in: the wish; out: what was promised
};

/// A handler's "Connection: close" is honoured; of an answer to HEAD its Content-Length too, when
/// it gave no body. Line breaks and other control characters in fields become spaces.
base::Status write_response(Stream& stream, Response& response, ResponseFraming* framing);

std::string_view reason_phrase(int status);

}  // namespace howdah::http
