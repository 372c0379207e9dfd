#pragma once

// The head of a request: from bytes to fields, with everything refused that two readers could
// understand differently (RFC 9112, 11.2 "Request Smuggling"). Pure; any bytes are safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace howdah::http {

struct RequestHead {
  std::string method, target, path, query;
  Headers headers;
  bool http_1_1 = true;  // else 1.0
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  uint64_t content_length = 0;  // when not chunked
};

/// Why a head is refused, and the status that says so.
struct HeadFault {
  int status = 400;
  std::string why;
};

/// Where the head that `bytes` begin with ends (behind its empty line); npos when more must come.
/// `searched` bytes are known not to hold the end.
size_t find_head_end(std::string_view bytes, size_t searched);

/// `bytes` from the method to the empty line, inclusive. Faults: 400, 417 (an unknown expectation),
/// 431 (more than 512 fields), 501 (a transfer coding other than chunked), 505.
std::optional<HeadFault> parse_head(std::string_view bytes, RequestHead* head);

}  // namespace howdah::http
