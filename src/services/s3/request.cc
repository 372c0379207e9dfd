#include "services/s3/request.h"

#include <fmt/format.h>

#include <array>

#include "aws/chunked_body.h"
#include "base/digest.h"
#include "base/text.h"
#include "objects/errors.h"
#include "objects/names.h"
#include "objects/rows.h"
#include "services/s3/range.h"

namespace howdah::services::s3 {
namespace {

using base::JsonObject;
using base::text_at;
using objects::Checksum;
using objects::s3_error;

struct SystemMember {
  const char* stored;
  const char* member;
};
constexpr SystemMember kSystem[] = {
    {"cache-control", "CacheControl"},
    {"content-disposition", "ContentDisposition"},
    {"content-encoding", "ContentEncoding"},
    {"content-language", "ContentLanguage"},
    {"content-type", "ContentType"},
    {"website-redirect-location", "WebsiteRedirectLocation"},
};

base::Error not_implemented(std::string_view header) {
  return s3_error(base::Code::kInvalidArgument, "NotImplemented",
                  "A header you provided implies functionality that is not implemented",
                  {{"Header", std::string(header)}});
}

// What the client sent is framed with aws-chunked; what is stored is not.
std::string without_aws_chunked(std::string_view encoding) {
  std::vector<std::string> kept;
  for (std::string_view coding : base::split(encoding, ',')) {
    coding = base::trim(coding);
    if (!coding.empty() && !base::equals_ignore_case(coding, "aws-chunked"))
      kept.emplace_back(coding);
  }
  return base::join(kept, ",");
}

std::string member_of(Checksum algorithm) {
  return std::string("Checksum") + objects::wire_name(algorithm);
}

base::Status check_acl(const JsonObject& input) {
  for (const char* grant :
       {"GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"}) {
    if (!text_at(input, grant).empty()) {
      return s3_error(base::Code::kInvalidArgument, "AccessControlListNotSupported",
                      "The bucket does not allow ACLs");
    }
  }
  const std::string_view acl = text_at(input, "ACL");
  // "Bucket owner enforced", the default of every new bucket, accepts these two
  if (acl.empty() || acl == "private" || acl == "bucket-owner-full-control") return base::ok();
  return s3_error(base::Code::kInvalidArgument, "AccessControlListNotSupported",
                  "The bucket does not allow ACLs");
}

std::optional<Checksum> checksum_of_header(std::string_view name) {
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  if (!base::to_lower(name).starts_with(kPrefix)) return std::nullopt;
  return objects::checksum_of(name.substr(kPrefix.size()));
}

base::Result<std::vector<objects::ChecksumValue>> trailing_checksums(const aws::Form& trailers) {
  std::vector<objects::ChecksumValue> values;
  for (const auto& [name, text] : trailers) {
    const auto algorithm = checksum_of_header(name);
    if (!algorithm) continue;
    auto raw = base::from_base64(base::trim(text));
    if (!raw || raw->size() != objects::size_of(*algorithm)) {
      return objects::invalid_request(fmt::format("Value for {} header is invalid.", name));
    }
    values.push_back({*algorithm, std::move(*raw)});
  }
  return values;
}

bool names_etag(std::string_view list, std::string_view etag) {
  for (std::string_view item : base::split(list, ',')) {
    item = base::trim(item);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item == "*" || without_quotes(item) == etag) return true;
  }
  return false;
}

int64_t seconds(base::Time time) { return base::to_millis(time) / 1000; }

// nullopt: not sent.
std::optional<int64_t> seconds_at(const JsonObject& input, std::string_view member) {
  const base::Json* value = base::find(input, member);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64() / 1000;
}

}  // namespace

base::Status check_common(const aws::Context& context, const JsonObject& input) {
  for (const char* member : {"ExpectedBucketOwner", "ExpectedSourceBucketOwner"}) {
    const std::string_view owner = text_at(input, member);
    if (!owner.empty() && owner != context.account) return objects::access_denied();
  }
  constexpr std::array<SystemMember, 9> kUnkept = {{
      {"x-amz-server-side-encryption", "ServerSideEncryption"},
      {"x-amz-server-side-encryption-customer-algorithm", "SSECustomerAlgorithm"},
      {"x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"},
      {"x-amz-copy-source-server-side-encryption-customer-algorithm",
       "CopySourceSSECustomerAlgorithm"},
      {"x-amz-object-lock-mode", "ObjectLockMode"},
      {"x-amz-object-lock-legal-hold", "ObjectLockLegalHoldStatus"},
      {"x-amz-write-offset-bytes", "WriteOffsetBytes"},
      {"x-amz-bucket-object-lock-enabled", "ObjectLockEnabledForBucket"},
      {"x-amz-mfa", "MFA"},
  }};
  for (const SystemMember& unkept : kUnkept) {
    const base::Json* value = base::find(input, unkept.member);
    const bool off = value == nullptr || (value->is_bool() && !value->get_bool());
    if (!off) return not_implemented(unkept.stored);
  }
  const std::string_view version = text_at(input, "VersionId");
  if (!version.empty() && version != "null") {
    return s3_error(
        base::Code::kNotFound, "NoSuchVersion", "The specified version does not exist.",
        {{"Key", std::string(text_at(input, "Key"))}, {"VersionId", std::string(version)}});
  }
  return check_acl(input);
}

base::Result<objects::PutRequest> put_request(const JsonObject& input) {
  objects::PutRequest request;
  objects::ObjectInfo& info = request.info;
  info.bucket = text_at(input, "Bucket");
  info.key = text_at(input, "Key");
  for (const SystemMember& system : kSystem) {
    std::string value(text_at(input, system.member));
    if (system.member == std::string_view("ContentEncoding")) value = without_aws_chunked(value);
    if (!value.empty()) info.system_metadata.emplace_back(system.stored, std::move(value));
  }
  if (text_at(input, "ContentType").empty()) {
    info.system_metadata.emplace_back("content-type", "binary/octet-stream");
  }
  if (const base::Json* expires = base::find(input, "Expires"); expires && expires->is_int64()) {
    info.system_metadata.emplace_back("expires", std::to_string(expires->get_int64()));
  }
  size_t metadata_size = 0;
  if (const JsonObject* metadata = base::find_object(input, "Metadata")) {
    for (const auto& [name, value] : *metadata) {
      if (!value.is_string()) continue;
      info.user_metadata.emplace_back(name, base::view_of(value.get_string()));
      metadata_size += name.size() + value.get_string().size();
    }
  }
  if (metadata_size > 2048) {
    return s3_error(base::Code::kInvalidArgument, "MetadataTooLarge",
                    "Your metadata headers exceed the maximum allowed metadata size",
                    {{"Size", std::to_string(metadata_size)}, {"MaxSizeAllowed", "2048"}});
  }
  const std::string_view storage_class = text_at(input, "StorageClass");
  if (!storage_class.empty()) info.storage_class = storage_class;
  const std::string_view tagging = text_at(input, "Tagging");
  if (!tagging.empty()) request.tags = TRY(parse_tagging(tagging));
  request.conditions = TRY(put_conditions(input));
  return request;
}

base::Result<objects::PutConditions> put_conditions(const JsonObject& input) {
  objects::PutConditions conditions;
  const std::string_view none = text_at(input, "IfNoneMatch");
  if (!none.empty()) {
    if (none != "*") return not_implemented("If-None-Match");
    conditions.if_none_match = true;
  }
  const std::string_view match = text_at(input, "IfMatch");
  if (!match.empty()) conditions.if_match = without_quotes(match);
  return conditions;
}

base::Result<objects::Expected> expected_body(const aws::Context& context, const JsonObject& input,
                                              http::BodyReader& body) {
  objects::Expected expected;
  expected.size = body.length();
  const std::string_view md5 = text_at(input, "ContentMD5");
  if (!md5.empty()) {
    expected.md5 = base::from_base64(md5);
    if (!expected.md5 || expected.md5->size() != 16) {
      return s3_error(base::Code::kInvalidArgument, "InvalidDigest",
                      "The Content-MD5 you specified was invalid.",
                      {{"Content-MD5", std::string(md5)}});
    }
  }
  expected.checksums = TRY(checksum_members(input));
  for (const auto& value : expected.checksums) expected.wanted.push_back(value.algorithm);
  const auto want = [&](Checksum algorithm) {
    if (std::find(expected.wanted.begin(), expected.wanted.end(), algorithm) ==
        expected.wanted.end()) {
      expected.wanted.push_back(algorithm);
    }
  };
  if (const auto algorithm = TRY(checksum_algorithm(input))) want(*algorithm);
  const std::string_view trailer =
      context.request ? context.request->headers.value_or("x-amz-trailer", "") : "";
  for (std::string_view name : base::split(trailer, ',')) {
    const auto algorithm = checksum_of_header(base::trim(name));
    if (algorithm) want(*algorithm);
  }
  if (auto* verified = dynamic_cast<aws::VerifiedBody*>(&body); verified && !trailer.empty()) {
    expected.trailer = [verified] { return trailing_checksums(verified->trailers()); };
  }
  return expected;
}

base::Result<std::vector<objects::ChecksumValue>> checksum_members(const JsonObject& input) {
  std::vector<objects::ChecksumValue> values;
  for (Checksum algorithm : objects::kAllChecksums) {
    std::string_view text = text_at(input, member_of(algorithm));
    if (text.empty()) continue;
    auto raw = base::from_base64(text);
    if (!raw || raw->size() != objects::size_of(algorithm)) {
      return objects::invalid_request(fmt::format("Value for x-amz-checksum-{} header is invalid.",
                                                  objects::field_name(algorithm)));
    }
    values.push_back({algorithm, std::move(*raw)});
  }
  return values;
}

base::Result<std::optional<Checksum>> checksum_algorithm(const JsonObject& input) {
  const std::string_view name = text_at(input, "ChecksumAlgorithm");
  if (name.empty()) return std::optional<Checksum>();
  const auto algorithm = objects::checksum_of(name);
  if (!algorithm) {
    return objects::invalid_request(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
  }
  return algorithm;
}

std::string without_quotes(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

std::string quoted_etag(std::string_view etag) { return fmt::format("\"{}\"", etag); }

Verdict evaluate_conditions(const JsonObject& input, const objects::ObjectInfo& info) {
  const std::string_view match = text_at(input, "IfMatch");
  const std::string_view none = text_at(input, "IfNoneMatch");
  const auto modified = seconds_at(input, "IfModifiedSince");
  const auto unmodified = seconds_at(input, "IfUnmodifiedSince");
  const int64_t changed = seconds(info.modified);
  if (!match.empty()) {
    if (!names_etag(match, info.etag)) return Verdict::kFailed;
  } else if (unmodified && changed > *unmodified) {
    return Verdict::kFailed;
  }
  if (!none.empty()) {
    if (names_etag(none, info.etag)) return Verdict::kNotModified;
  } else if (modified && changed <= *modified) {
    return Verdict::kNotModified;
  }
  return Verdict::kSend;
}

base::Status check_source_conditions(const JsonObject& input, const objects::ObjectInfo& info) {
  const std::string_view match = text_at(input, "CopySourceIfMatch");
  const std::string_view none = text_at(input, "CopySourceIfNoneMatch");
  const auto modified = seconds_at(input, "CopySourceIfModifiedSince");
  const auto unmodified = seconds_at(input, "CopySourceIfUnmodifiedSince");
  const int64_t changed = seconds(info.modified);
  if (!match.empty()) {
    if (!names_etag(match, info.etag)) {
      return objects::precondition_failed("x-amz-copy-source-If-Match");
    }
  } else if (unmodified && changed > *unmodified) {
    return objects::precondition_failed("x-amz-copy-source-If-Unmodified-Since");
  }
  if (!none.empty()) {
    if (names_etag(none, info.etag)) {
      return objects::precondition_failed("x-amz-copy-source-If-None-Match");
    }
  } else if (modified && changed <= *modified) {
    return objects::precondition_failed("x-amz-copy-source-If-Modified-Since");
  }
  return base::ok();
}

base::Status allow(const aws::Context& context, std::string_view action, std::string_view bucket,
                   std::string_view key) {
  if (!context.allow) return base::ok();
  // everybody may read the samples, whatever their policies say
  if (action == "s3:GetObject" && objects::is_public_bucket(bucket)) return base::ok();
  base::Status allowed = context.allow(action, fmt::format("arn:aws:s3:::{}/{}", bucket, key));
  if (allowed.ok()) return allowed;
  base::Error error = std::move(allowed).error();
  if (error.code == base::Code::kPermissionDenied) error.reason = "AccessDenied";
  return error;
}

void write_object(const objects::Found& found, JsonObject& output) {
  const objects::ObjectInfo& info = found.info;
  output["ETag"] = quoted_etag(info.etag);
  output["LastModified"] = base::to_millis(info.modified);
  output["AcceptRanges"] = "bytes";
  for (const auto& [name, value] : info.system_metadata) {
    for (const SystemMember& system : kSystem) {
      if (name == system.stored) output[system.member] = value;
    }
    if (name == "expires") output["Expires"] = static_cast<int64_t>(std::atoll(value.c_str()));
  }
  if (!info.user_metadata.empty()) {
    JsonObject metadata;
    for (const auto& [name, value] : info.user_metadata) metadata[name] = value;
    output["Metadata"] = std::move(metadata);
  }
  if (info.storage_class != "STANDARD") output["StorageClass"] = info.storage_class;
  if (!found.tags.empty()) output["TagCount"] = static_cast<int64_t>(found.tags.size());
}

void write_checksums(const objects::ObjectInfo& info, JsonObject& output) {
  for (const auto& [name, value] : info.checksums) {
    if (const auto algorithm = objects::checksum_of(name)) output[member_of(*algorithm)] = value;
  }
  if (!info.checksum_type.empty()) output["ChecksumType"] = info.checksum_type;
}

void write_checksums(const std::vector<objects::ChecksumValue>& values, JsonObject& output) {
  for (const auto& value : values) output[member_of(value.algorithm)] = base::to_base64(value.raw);
}

JsonObject owner_of(std::string_view account) {
  JsonObject owner;
  owner["ID"] = base::sha256_hex(fmt::format("canonical user of {}", account));
  owner["DisplayName"] = account;
  return owner;
}

}  // namespace howdah::services::s3
