#pragma once

// The parts of a signature as the client wrote it, from the Authorization header or the query.
// Pure: outside bytes in, views into the request out.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

struct SignatureParts {
  bool presigned = false;
  std::string access_key_id;
  std::string date;  // 20260131
  std::string region;
  std::string service;
  std::vector<std::string> signed_headers;  // lower case, as listed
  std::string signature;
  std::string timestamp;  // 20260131T235959Z
  std::string session_token;
  int64_t expires_seconds = 0;  // presigned only

  std::string scope() const { return date + "/" + region + "/" + service + "/aws4_request"; }
};

/// nullopt: no signature at all. kInvalidArgument: one that cannot be read; the message says why.
base::Result<std::optional<SignatureParts>> parse_signature(const http::Request& request);

/// "20260131T235959Z".
std::optional<base::Time> parse_amz_date(std::string_view text);
std::string to_amz_date(base::Time time);

}  // namespace howdah::aws
