#pragma once

// S3's older query signature (Signature Version 2), which boto3 still makes for presigned URLs when
// its configuration names no version: AWSAccessKeyId, Expires, Signature in the query, HMAC-SHA1.
// Only presigned URLs; the header form is refused. Source: AWS "Signing and authenticating REST
// requests (Signature Version 2)". Pure functions.

#include <optional>
#include <string>

#include "aws/route.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

struct SignatureV2 {
  std::string access_key_id;
  std::string signature;  // base64
  int64_t expires = 0;    // epoch seconds
  std::string session_token;
};

/// nullopt when the query bears none; kInvalidArgument when it cannot be read.
base::Result<std::optional<SignatureV2>> parse_signature_v2(const http::Request& request);

/// `secret` made that signature for this request.
bool signed_v2(const http::Request& request, const Route& route, const SignatureV2& parts,
               std::string_view secret);

}  // namespace howdah::aws
