#pragma once

// AWS Signature Version 4: who signed a request, and signing our own. Verifies the Authorization
// header and presigned URLs: time, scope, signed headers, session token, signature; in constant
// time and before anything else of the request is believed. Canonical form (AWS: "Create a signed
// AWS API request"): S3 takes the raw path as sent, every other service encodes it once more.
// Presigned S3 URLs of the older version 2 are verified too (sigv2.h). Ownership: values. Threads:
// a SigV4 may be used concurrently; derived keys are cached inside. Failure: Amazon's reason of the
// protocol (S3 InvalidAccessKeyId, JSON UnrecognizedClientException, Query InvalidClientTokenId …),
// always kUnauthenticated. No secret is ever in an error's text.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/route.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

/// What an access key id stands for. Filled by whoever keeps the keys (store/iam).
struct AccessKey {
  std::string secret;
  std::string session_token;          // a request must bear exactly this; "" for long-term keys
  std::optional<base::Time> expires;  // of temporary credentials
  std::string account;
  std::string principal_arn;
  std::string principal_id;
};

using FindKey = std::function<std::optional<AccessKey>(std::string_view access_key_id)>;

/// How the bytes of the body are vouched for (X-Amz-Content-SHA256).
enum class Payload {
  kWhole,            // by the SHA-256 in Identity::payload_hash
  kUnsigned,         // by nothing: UNSIGNED-PAYLOAD, presigned
  kChunks,           // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
  kChunksTrailer,    // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
  kUnsignedTrailer,  // STREAMING-UNSIGNED-PAYLOAD-TRAILER
};

/// Who a request is from, proven; or anonymous, when it bears no signature at all.
struct Identity {
  bool anonymous = true;
  bool presigned = false;
  std::string access_key_id;
  AccessKey key;
  std::string region;  // of the credential scope; empty when anonymous
  std::string service;
  Payload payload = Payload::kUnsigned;
  std::string payload_hash;  // kWhole: hexadecimal
  std::string signing_key;   // kChunks*: to go on with
  std::string signature;     // the seed of the first chunk
  std::string timestamp;     // X-Amz-Date as signed
  std::string scope;         // date/region/service/aws4_request
};

struct SignatureV2;

class SigV4 {
 public:
  explicit SigV4(FindKey find_key);
  ~SigV4();
  SigV4(const SigV4&) = delete;

  /// `body` is the whole body of a buffered request (its hash is compared here); nullopt for a
  /// streamed one, whose bytes open_body() verifies. A request without any signature gives an
  /// anonymous Identity for S3 and for operations that ask for none, else an error.
  base::Result<Identity> verify(const http::Request& request, const Route& route,
                                std::optional<std::string_view> body, base::Time now) const;

 private:
  base::Result<Identity> verify_v2(const http::Request& request, const Route& route,
                                   const SignatureV2& parts, base::Time now) const;

  struct Keys;
  FindKey find_key_;
  std::unique_ptr<Keys> keys_;
};

struct SigningKey {
  std::string access_key_id;
  std::string secret;
  std::string session_token;  // may be empty
  std::string region;
  std::string service;
};

/// Adds X-Amz-Date, X-Amz-Security-Token, for S3 X-Amz-Content-SHA256, and Authorization. Host must
/// be among the headers. `payload_hash`: hexadecimal SHA-256 of the body, or "UNSIGNED-PAYLOAD".
void sign(const SigningKey& key, std::string_view payload_hash, base::Time now,
          http::Request& request);

/// The query (to follow '?') that makes a URL of `request` good for `seconds` (1 to 604800).
std::string presign(const SigningKey& key, int seconds, base::Time now,
                    const http::Request& request);

/// HMAC chain of SigV4: the key that signs for one day, region and service.
std::string derive_signing_key(std::string_view secret, std::string_view date,
                               std::string_view region, std::string_view service);

/// What a request's bytes become before they are hashed (public for tests).
std::string canonical_request(const http::Request& request, bool s3,
                              const std::vector<std::string_view>& signed_headers,
                              std::string_view payload_hash);

}  // namespace howdah::aws
