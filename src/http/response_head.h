#pragma once

// The head of an answer: from bytes to fields. Pure; any bytes are safe.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace howdah::http {

struct ResponseHead {
  int status = 0;
  Headers headers;
  bool chunked = false;
  std::optional<uint64_t> content_length;  // neither: the body ends with the connection
};

/// `bytes` from the version to the empty line, inclusive. kUnavailable for what is not HTTP/1.x, or
/// frames its body in a way that two readers could understand differently.
base::Result<ResponseHead> parse_response_head(std::string_view bytes);

}  // namespace howdah::http
