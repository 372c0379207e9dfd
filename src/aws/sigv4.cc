#include "aws/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "aws/sigv2.h"
#include "aws/sigv4_parse.h"
#include "base/digest.h"
#include "base/text.h"

namespace howdah::aws {

namespace {

constexpr base::Millis kSkew = std::chrono::minutes(15);
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

enum class Refusal {
  kMissing,
  kMalformed,
  kUnknownKey,
  kBadToken,
  kExpiredToken,
  kSkewed,
  kExpiredUrl,
  kMismatch,
  kWrongScope,
  kBodyMismatch,
};

struct Wording {
  std::string_view s3;
  std::string_view json;
  std::string_view query;
};

// The name of a refusal on each wire (S3 "Error responses"; IAM and EMR "Common errors").
constexpr Wording kNames[] = {
    {"AccessDenied", "MissingAuthenticationTokenException", "MissingAuthenticationToken"},
    {"AuthorizationHeaderMalformed", "IncompleteSignatureException", "IncompleteSignature"},
    {"InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId"},
    {"InvalidToken", "UnrecognizedClientException", "InvalidClientTokenId"},
    {"ExpiredToken", "ExpiredTokenException", "ExpiredToken"},
    {"RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch"},
    {"AccessDenied", "InvalidSignatureException", "SignatureDoesNotMatch"},
    {"SignatureDoesNotMatch", "InvalidSignatureException", "SignatureDoesNotMatch"},
    {"AuthorizationHeaderMalformed", "InvalidSignatureException", "SignatureDoesNotMatch"},
    {"XAmzContentSHA256Mismatch", "InvalidSignatureException", "SignatureDoesNotMatch"},
};

base::Error refuse(Protocol protocol, Refusal why, std::string message,
                   std::vector<std::pair<std::string, std::string>> details = {}) {
  const Wording& names = kNames[static_cast<int>(why)];
  const std::string_view name = protocol == Protocol::kRestXml ? names.s3
                                : protocol == Protocol::kQuery ? names.query
                                                               : names.json;
  if (protocol != Protocol::kRestXml) details.clear();
  return {base::Code::kUnauthenticated, std::move(message), std::string(name), std::move(details)};
}

// Trims, and makes one space of several (RFC-conforming headers hold no others).
void append_canonical_value(std::string_view value, std::string& out) {
  value = base::trim(value);
  bool space = false;
  for (const char c : value) {
    if (c == ' ' && space) continue;
    space = c == ' ';
    out += c;
  }
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (name == "X-Amz-Signature") continue;
    const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    // as it was sent, but encoded in the one canonical way
    auto encode = [](std::string_view text) {
      auto decoded = base::percent_decode(text);
      return decoded ? base::percent_encode(*decoded) : std::string(text);
    };
    pairs.emplace_back(encode(name), encode(value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string string_to_sign(std::string_view timestamp, std::string_view scope,
                           std::string_view canonical) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, scope, base::sha256_hex(canonical));
}

Payload payload_kind(std::string_view header) {
  if (header == kUnsigned) return Payload::kUnsigned;
  if (header == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") return Payload::kChunks;
  if (header == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") return Payload::kChunksTrailer;
  if (header == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return Payload::kUnsignedTrailer;
  return Payload::kWhole;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::vector<std::string_view> views_of(const std::vector<std::string>& list) {
  return {list.begin(), list.end()};
}

// The order of AWS: what the signature says of itself, before any key is looked up.
base::Status check_parts(Protocol protocol, const Route& route, const http::Request& request,
                         const SignatureParts& parts, base::Time now) {
  const auto time = parse_amz_date(parts.timestamp);
  if (!time || parts.timestamp.substr(0, 8) != parts.date) {
    return refuse(protocol, Refusal::kMalformed,
                  "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                  "from HTTP");
  }
  const std::string_view service =
      route.face.service ? route.face.service->signing_name : std::string_view(route.scope_service);
  if (parts.service != service) {
    return refuse(protocol, Refusal::kWrongScope,
                  fmt::format("Credential should be scoped to correct service: '{}'. ", service));
  }
  if (!contains(parts.signed_headers, "host")) {
    return refuse(protocol,
                  protocol == Protocol::kRestXml ? Refusal::kMissing : Refusal::kMalformed,
                  "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  if (protocol == Protocol::kRestXml) {  // S3: every x-amz- header must be signed
    for (const auto& [name, value] : request.headers) {
      const std::string lower = base::to_lower(name);
      if (lower.starts_with("x-amz-") && !contains(parts.signed_headers, lower)) {
        return refuse(protocol, Refusal::kMissing,
                      "There were headers present in the request which were not signed",
                      {{"HeadersNotSigned", lower}});
      }
    }
  }
  if (parts.presigned) {
    if (now > *time + std::chrono::seconds(parts.expires_seconds)) {
      return refuse(
          protocol, Refusal::kExpiredUrl, "Request has expired",
          {{"X-Amz-Expires", std::to_string(parts.expires_seconds)},
           {"Expires", base::to_iso8601(*time + std::chrono::seconds(parts.expires_seconds))},
           {"ServerTime", base::to_iso8601(now)}});
    }
    if (*time > now + kSkew) {
      return refuse(protocol, Refusal::kExpiredUrl, "Request is not yet valid");
    }
    return {};
  }
  if (*time < now - kSkew || *time > now + kSkew) {
    if (protocol == Protocol::kRestXml) {
      return refuse(protocol, Refusal::kSkewed,
                    "The difference between the request time and the current time is too large.",
                    {{"RequestTime", parts.timestamp},
                     {"ServerTime", base::to_iso8601(now)},
                     {"MaxAllowedSkewMilliseconds", "900000"}});
    }
    return refuse(protocol, Refusal::kSkewed,
                  fmt::format("Signature {}: {} is {} {} ({} {} 15 min.)",
                              *time < now ? "expired" : "not yet current", parts.timestamp,
                              *time < now ? "now earlier than" : "still later than",
                              to_amz_date(*time < now ? now - kSkew : now + kSkew),
                              to_amz_date(now), *time < now ? "-" : "+"));
  }
  return {};
}

// What stands for the body in the canonical request. Only S3 lets the client declare it.
base::Result<std::string> payload_hash_of(const http::Request& request, Protocol protocol,
                                          bool presigned, std::optional<std::string_view> body) {
  const bool s3 = protocol == Protocol::kRestXml;
  if (!s3) return body ? base::sha256_hex(*body) : std::string(kEmptyHash);
  const auto declared = request.headers.find("X-Amz-Content-SHA256");
  std::string hash(declared.value_or(presigned ? kUnsigned : ""));
  if (hash.empty()) {
    return base::Error{base::Code::kInvalidArgument,
                       "Missing required header for this request: x-amz-content-sha256",
                       "InvalidRequest",
                       {}};
  }
  if (payload_kind(hash) == Payload::kWhole && !is_sha256(hash)) {
    return base::Error{base::Code::kInvalidArgument,
                       "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                       "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                       "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.",
                       "InvalidArgument",
                       {{"ArgumentName", "x-amz-content-sha256"}, {"ArgumentValue", hash}}};
  }
  if (body && is_sha256(hash) && base::to_lower(hash) != base::sha256_hex(*body)) {
    return refuse(protocol, Refusal::kBodyMismatch,
                  "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  return hash;
}

base::Status check_signature(Protocol protocol, const http::Request& request,
                             const SignatureParts& parts, std::string_view hash,
                             std::string_view signing_key) {
  const std::string canonical = canonical_request(request, protocol == Protocol::kRestXml,
                                                  views_of(parts.signed_headers), hash);
  const std::string to_sign = string_to_sign(parts.timestamp, parts.scope(), canonical);
  const std::string expected = base::to_hex(base::hmac_sha256(signing_key, to_sign));
  if (base::equals_in_constant_time(expected, parts.signature)) return {};
  return refuse(protocol, Refusal::kMismatch,
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
                {{"AWSAccessKeyId", parts.access_key_id},
                 {"StringToSign", to_sign},
                 {"SignatureProvided", parts.signature},
                 {"CanonicalRequest", canonical}});
}

base::Error unreadable(Protocol protocol, const http::Request& request, std::string why) {
  base::Error error = refuse(protocol, Refusal::kMalformed, std::move(why));
  if (protocol != Protocol::kRestXml) return error;
  const std::string_view header = request.headers.value_or("Authorization", "");
  if (header.empty()) {
    error.reason = "AuthorizationQueryParametersError";
  } else if (!header.starts_with(kAlgorithm)) {
    error.reason = "InvalidRequest";
    error.message =
        "The authorization mechanism you have provided is not supported. Please use "
        "AWS4-HMAC-SHA256.";
  }
  return error;
}

}  // namespace

// Derived keys by access key id, date, region and service; a key whose secret changed is not
// reused.
struct SigV4::Keys {
  struct Entry {
    std::string secret;
    std::string key;
  };
  static constexpr size_t kMost = 4096;
  std::mutex mutex;
  std::map<std::string, Entry, std::less<>> entries;

  std::string find(const SignatureParts& parts, const std::string& secret) {
    const std::string name = parts.access_key_id + "/" + parts.scope();
    {
      const std::lock_guard lock(mutex);
      const auto found = entries.find(name);
      if (found != entries.end() && found->second.secret == secret) return found->second.key;
    }
    std::string key = derive_signing_key(secret, parts.date, parts.region, parts.service);
    const std::lock_guard lock(mutex);
    if (entries.size() >= kMost) entries.clear();
    entries[name] = {secret, key};
    return key;
  }
};

SigV4::SigV4(FindKey find_key) : find_key_(std::move(find_key)), keys_(std::make_unique<Keys>()) {}
SigV4::~SigV4() = default;

std::string derive_signing_key(std::string_view secret, std::string_view date,
                               std::string_view region, std::string_view service) {
  std::string key = base::hmac_sha256("AWS4" + std::string(secret), date);
  key = base::hmac_sha256(key, region);
  key = base::hmac_sha256(key, service);
  return base::hmac_sha256(key, "aws4_request");
}

std::string canonical_request(const http::Request& request, bool s3,
                              const std::vector<std::string_view>& signed_headers,
                              std::string_view payload_hash) {
  std::string out;
  out.reserve(512);
  out.append(request.method).append("\n");
  out.append(s3 ? request.path : base::percent_encode(request.path, "/")).append("\n");
  out.append(canonical_query(request.query)).append("\n");
  for (std::string_view name : signed_headers) {
    out.append(name).append(":");
    bool first = true;
    for (const auto& [field, value] : request.headers) {
      if (!base::equals_ignore_case(field, name)) continue;
      if (!first) out += ',';
      first = false;
      append_canonical_value(value, out);
    }
    out += '\n';
  }
  out += '\n';
  for (size_t i = 0; i < signed_headers.size(); ++i) {
    if (i > 0) out += ';';
    out += signed_headers[i];
  }
  out.append("\n").append(payload_hash);
  return out;
}

base::Result<Identity> SigV4::verify(const http::Request& request, const Route& route,
                                     std::optional<std::string_view> body, base::Time now) const {
  const Protocol protocol = route.face.protocol;
  const bool s3 = protocol == Protocol::kRestXml;
  auto parsed = parse_signature(request);
  if (!parsed.ok()) return unreadable(protocol, request, parsed.error().message);
  if (!parsed->has_value()) {
    if (s3) {
      auto older = parse_signature_v2(request);
      if (!older.ok()) return unreadable(protocol, request, older.error().message);
      if (older->has_value()) return verify_v2(request, route, **older, now);
    }
    if (s3 || (route.operation && route.operation->unsigned_ok)) return Identity{};
    return refuse(protocol, Refusal::kMissing,
                  protocol == Protocol::kQuery ? "Request is missing Authentication Token"
                                               : "Missing Authentication Token");
  }
  const SignatureParts& parts = **parsed;
  if (parts.presigned && !s3 && !(route.face.service && parts.service == "sts")) {
    return refuse(protocol, Refusal::kMissing, "Only S3 and STS accept a signature in the query.");
  }
  TRY(check_parts(protocol, route, request, parts, now));

  auto key = find_key_(parts.access_key_id);
  if (!key) {
    return refuse(protocol, Refusal::kUnknownKey,
                  s3 ? "The AWS Access Key Id you provided does not exist in our records."
                     : "The security token included in the request is invalid.",
                  {{"AWSAccessKeyId", parts.access_key_id}});
  }
  if (!base::equals_in_constant_time(parts.session_token, key->session_token)) {
    return refuse(protocol, Refusal::kBadToken,
                  s3 ? "The provided token is malformed or otherwise invalid."
                     : "The security token included in the request is invalid.");
  }

  const std::string hash = TRY(payload_hash_of(request, protocol, parts.presigned, body));
  const std::string signing_key = keys_->find(parts, key->secret);
  TRY(check_signature(protocol, request, parts, hash, signing_key));
  if (key->expires && *key->expires <= now) {
    return refuse(protocol, Refusal::kExpiredToken,
                  s3 ? "The provided token has expired."
                     : "The security token included in the request is expired");
  }
  Identity identity;
  identity.anonymous = false;
  identity.presigned = parts.presigned;
  identity.access_key_id = parts.access_key_id;
  identity.key = std::move(*key);
  identity.region = parts.region;
  identity.service = parts.service;
  identity.payload = payload_kind(hash);
  identity.payload_hash = base::to_lower(hash);
  identity.signing_key = signing_key;
  identity.signature = parts.signature;
  identity.timestamp = parts.timestamp;
  identity.scope = parts.scope();
  return identity;
}

base::Result<Identity> SigV4::verify_v2(const http::Request& request, const Route& route,
                                        const SignatureV2& parts, base::Time now) const {
  constexpr Protocol kS3 = Protocol::kRestXml;
  const base::Time expires =
      base::from_millis(std::clamp<int64_t>(parts.expires, 0, 1LL << 40) * 1000);
  if (now > expires) {
    return refuse(kS3, Refusal::kExpiredUrl, "Request has expired",
                  {{"Expires", base::to_iso8601(expires)}, {"ServerTime", base::to_iso8601(now)}});
  }
  auto key = find_key_(parts.access_key_id);
  if (!key) {
    return refuse(kS3, Refusal::kUnknownKey,
                  "The AWS Access Key Id you provided does not exist in our records.",
                  {{"AWSAccessKeyId", parts.access_key_id}});
  }
  if (!base::equals_in_constant_time(parts.session_token, key->session_token)) {
    return refuse(kS3, Refusal::kBadToken, "The provided token is malformed or otherwise invalid.");
  }
  if (!signed_v2(request, route, parts, key->secret)) {
    return refuse(
        kS3, Refusal::kMismatch,
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        {{"AWSAccessKeyId", parts.access_key_id}, {"SignatureProvided", parts.signature}});
  }
  if (key->expires && *key->expires <= now) {
    return refuse(kS3, Refusal::kExpiredToken, "The provided token has expired.");
  }
  Identity identity;
  identity.anonymous = false;
  identity.presigned = true;
  identity.access_key_id = parts.access_key_id;
  identity.key = std::move(*key);
  identity.region = "us-east-1";  // version 2 knows no region
  identity.service = "s3";
  return identity;
}

void sign(const SigningKey& key, std::string_view payload_hash, base::Time now,
          http::Request& request) {
  const bool s3 = key.service == "s3";
  const std::string timestamp = to_amz_date(now), date = timestamp.substr(0, 8);
  request.headers.set("X-Amz-Date", timestamp);
  if (!key.session_token.empty()) request.headers.set("X-Amz-Security-Token", key.session_token);
  if (s3)
    request.headers.set("X-Amz-Content-SHA256", payload_hash.empty() ? kEmptyHash : payload_hash);
  std::vector<std::string> names;
  for (const auto& [name, value] : request.headers) {
    std::string lower = base::to_lower(name);
    if (lower == "host" || lower == "content-type" || lower.starts_with("x-amz-")) {
      if (!contains(names, lower)) names.push_back(std::move(lower));
    }
  }
  std::sort(names.begin(), names.end());
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, key.region, key.service);
  const std::string canonical = canonical_request(request, s3, views_of(names),
                                                  payload_hash.empty() ? kEmptyHash : payload_hash);
  const std::string signature =
      base::to_hex(base::hmac_sha256(derive_signing_key(key.secret, date, key.region, key.service),
                                     string_to_sign(timestamp, scope, canonical)));
  request.headers.set("Authorization",
                      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                  key.access_key_id, scope, base::join(names, ";"), signature));
}

std::string presign(const SigningKey& key, int seconds, base::Time now,
                    const http::Request& request) {
  const std::string timestamp = to_amz_date(now), date = timestamp.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, key.region, key.service);
  http::Request copy;
  copy.method = request.method;
  copy.path = request.path;
  copy.query = request.query;
  copy.headers.add("Host", request.headers.value_or("Host", ""));
  if (!copy.query.empty()) copy.query += '&';
  copy.query += fmt::format(
      "X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders="
      "host",
      kAlgorithm, base::percent_encode(key.access_key_id + "/" + scope), timestamp, seconds);
  if (!key.session_token.empty()) {
    copy.query += "&X-Amz-Security-Token=" + base::percent_encode(key.session_token);
  }
  const bool s3 = key.service == "s3";
  const std::string canonical = canonical_request(copy, s3, {"host"}, s3 ? kUnsigned : kEmptyHash);
  const std::string signature =
      base::to_hex(base::hmac_sha256(derive_signing_key(key.secret, date, key.region, key.service),
                                     string_to_sign(timestamp, scope, canonical)));
  return copy.query + "&X-Amz-Signature=" + signature;
}

}  // namespace howdah::aws
