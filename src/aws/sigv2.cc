#include "aws/sigv2.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/digest.h"
#include "base/text.h"

namespace howdah::aws {

namespace {

// Parameters that are part of the resource. Sorted.
constexpr std::string_view kSubresources[] = {"accelerate",
                                              "acl",
                                              "analytics",
                                              "cors",
                                              "delete",
                                              "inventory",
                                              "lifecycle",
                                              "location",
                                              "logging",
                                              "metrics",
                                              "notification",
                                              "object-lock",
                                              "partNumber",
                                              "policy",
                                              "replication",
                                              "requestPayment",
                                              "response-cache-control",
                                              "response-content-disposition",
                                              "response-content-encoding",
                                              "response-content-language",
                                              "response-content-type",
                                              "response-expires",
                                              "restore",
                                              "select",
                                              "select-type",
                                              "tagging",
                                              "torrent",
                                              "uploadId",
                                              "uploads",
                                              "versionId",
                                              "versioning",
                                              "versions",
                                              "website"};

std::string hmac_sha1(std::string_view key, std::string_view text) {
  constexpr size_t kBlock = 64;
  std::string padded =
      key.size() > kBlock ? base::digest(base::Algorithm::kSha1, key) : std::string(key);
  padded.resize(kBlock, '\0');
  std::string inner = padded, outer = padded;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  inner.append(text);
  return base::digest(base::Algorithm::kSha1, outer + base::digest(base::Algorithm::kSha1, inner));
}

// A bucket's own path ends with '/' for some clients (botocore) even where the URL's does not.
std::string canonical_resource(const http::Request& request, const Route& route, bool slash) {
  std::string out;
  const std::string_view bucket = bucket_of_host(request.headers.value_or("Host", ""));
  if (!bucket.empty()) out.append("/").append(bucket);
  out += request.path;
  if (slash) out += '/';
  std::vector<std::pair<std::string, std::string>> chosen;
  for (const auto& [name, value] : route.form) {
    if (std::binary_search(std::begin(kSubresources), std::end(kSubresources), name)) {
      chosen.emplace_back(name, value);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  char separator = '?';
  for (const auto& [name, value] : chosen) {
    out += separator;
    separator = '&';
    out += name;
    if (!value.empty()) out.append("=").append(value);
  }
  return out;
}

}  // namespace

base::Result<std::optional<SignatureV2>> parse_signature_v2(const http::Request& request) {
  if (request.query.find("AWSAccessKeyId=") == std::string::npos)
    return std::optional<SignatureV2>();
  const Form form = TRY(parse_form(request.query, false));
  const std::string* key = find(form, "AWSAccessKeyId");
  const std::string* signature = find(form, "Signature");
  const std::string* expires = find(form, "Expires");
  if (!key || !signature || !expires) {
    return base::invalid_argument(
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
        "parameters");
  }
  SignatureV2 parts{*key, *signature, 0, {}};
  const char* end = expires->data() + expires->size();
  const auto [stop, error] = std::from_chars(expires->data(), end, parts.expires);
  if (error != std::errc{} || stop != end) {
    return base::invalid_argument("Invalid date (should be seconds since epoch): " + *expires);
  }
  for (const auto& [name, value] : form) {
    if (base::equals_ignore_case(name, "x-amz-security-token")) parts.session_token = value;
  }
  return std::optional(std::move(parts));
}

bool signed_v2(const http::Request& request, const Route& route, const SignatureV2& parts,
               std::string_view secret) {
  std::map<std::string, std::string> amz;  // sorted; repeated ones joined
  auto add = [&amz](std::string_view field, std::string_view value) {
    std::string name = base::to_lower(field);
    if (!name.starts_with("x-amz-")) return;
    std::string& slot = amz[std::move(name)];
    if (!slot.empty()) slot += ',';
    slot += base::trim(value);
  };
  for (const auto& [name, value] : request.headers) add(name, value);
  for (const auto& [name, value] : route.form) add(name, value);
  std::string text = request.method + "\n";
  text.append(request.headers.value_or("Content-MD5", "")).append("\n");
  text.append(request.headers.value_or("Content-Type", "")).append("\n");
  text.append(std::to_string(parts.expires)).append("\n");
  for (const auto& [name, value] : amz) text.append(name).append(":").append(value).append("\n");
  for (const bool slash : {false, true}) {
    if (slash && (find(route.labels, "Key") || request.path.ends_with('/'))) break;
    const std::string expected =
        base::to_base64(hmac_sha1(secret, text + canonical_resource(request, route, slash)));
    if (base::equals_in_constant_time(expected, parts.signature)) return true;
  }
  return false;
}

}  // namespace howdah::aws
