#include "aws/sigv4_parse.h"

#include <fmt/format.h>

#include <charconv>

#include "aws/form.h"
#include "base/text.h"

namespace howdah::aws {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

base::Status read_credential(std::string_view credential, SignatureParts& parts) {
  const auto fields = base::split(credential, '/');
  // an access key id holds no '/', so there are five fields
  if (fields.size() != 5 || fields[0].empty() || fields[4] != "aws4_request") {
    return base::invalid_argument(
        "the Credential is mal-formed; expecting "
        "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  }
  parts.access_key_id = fields[0];
  parts.date = fields[1];
  parts.region = fields[2];
  parts.service = fields[3];
  return {};
}

void read_signed_headers(std::string_view list, SignatureParts& parts) {
  for (std::string_view name : base::split(list, ';')) {
    if (!name.empty()) parts.signed_headers.push_back(base::to_lower(name));
  }
}

base::Result<std::optional<SignatureParts>> from_header(const http::Request& request,
                                                        std::string_view header) {
  SignatureParts parts;
  header.remove_prefix(kAlgorithm.size());
  bool has_credential = false;
  for (std::string_view field : base::split(header, ',')) {
    field = base::trim(field);
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
    if (name == "Credential") {
      TRY(read_credential(value, parts));
      has_credential = true;
    } else if (name == "SignedHeaders") {
      read_signed_headers(value, parts);
    } else if (name == "Signature") {
      parts.signature = value;
    }
  }
  if (!has_credential)
    return base::invalid_argument("Authorization header requires 'Credential' parameter.");
  if (parts.signature.empty()) {
    return base::invalid_argument("Authorization header requires 'Signature' parameter.");
  }
  if (parts.signed_headers.empty()) {
    return base::invalid_argument("Authorization header requires 'SignedHeaders' parameter.");
  }
  if (const auto date = request.headers.find("X-Amz-Date")) {
    parts.timestamp = *date;
  } else if (const auto http_date = request.headers.find("Date")) {
    const auto time = base::parse_rfc822(*http_date);
    if (time) parts.timestamp = to_amz_date(*time);
  }
  if (parts.timestamp.empty()) {
    return base::invalid_argument(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  parts.session_token = request.headers.value_or("X-Amz-Security-Token", "");
  return std::optional(std::move(parts));
}

base::Result<std::optional<SignatureParts>> from_query(const http::Request& request) {
  const Form form = TRY(parse_form(request.query, false));
  SignatureParts parts;
  parts.presigned = true;
  const std::string* algorithm = find(form, "X-Amz-Algorithm");
  if (!algorithm || *algorithm != kAlgorithm) {
    return base::invalid_argument("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  }
  const std::string* credential = find(form, "X-Amz-Credential");
  const std::string* signature = find(form, "X-Amz-Signature");
  const std::string* date = find(form, "X-Amz-Date");
  const std::string* headers = find(form, "X-Amz-SignedHeaders");
  const std::string* expires = find(form, "X-Amz-Expires");
  if (!credential || !signature || !date || !headers || !expires) {
    return base::invalid_argument(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  }
  TRY(read_credential(*credential, parts));
  read_signed_headers(*headers, parts);
  parts.signature = *signature;
  parts.timestamp = *date;
  const char* end = expires->data() + expires->size();
  const auto [stop, error] = std::from_chars(expires->data(), end, parts.expires_seconds);
  if (error != std::errc{} || stop != end) {
    return base::invalid_argument("X-Amz-Expires should be a number");
  }
  if (parts.expires_seconds < 0)
    return base::invalid_argument("X-Amz-Expires must be non-negative");
  if (parts.expires_seconds > 604800) {
    return base::invalid_argument(
        "X-Amz-Expires must be less than a week (in seconds) that is 604800");
  }
  if (const std::string* token = find(form, "X-Amz-Security-Token")) parts.session_token = *token;
  return std::optional(std::move(parts));
}

}  // namespace

base::Result<std::optional<SignatureParts>> parse_signature(const http::Request& request) {
  const std::string_view header = request.headers.value_or("Authorization", "");
  const bool in_query = request.query.find("X-Amz-Signature=") != std::string::npos ||
                        request.query.find("X-Amz-Algorithm=") != std::string::npos;
  if (header.starts_with(kAlgorithm)) {
    if (in_query) {
      return base::invalid_argument(
          "Only one auth mechanism allowed; only the X-Amz-Algorithm query "
          "parameter or the Authorization header should be specified");
    }
    return from_header(request, header);
  }
  if (in_query) return from_query(request);
  if (!header.empty()) return base::invalid_argument("Unsupported Authorization Type");
  return std::optional<SignatureParts>();
}

std::optional<base::Time> parse_amz_date(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  return base::parse_iso8601(fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), text.substr(4, 2),
                                         text.substr(6, 2), text.substr(9, 2), text.substr(11, 2),
                                         text.substr(13, 2)));
}

std::string to_amz_date(base::Time time) {
  std::string out;
  const std::string iso = base::to_iso8601(time);
  for (const char c : iso.substr(0, 19)) {
    if (c != '-' && c != ':') out += c;
  }
  return out + "Z";
}

}  // namespace howdah::aws
