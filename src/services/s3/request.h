#pragma once

// What several operations read from their input and write into their answer, under the model's
// member names (which PutObject, CreateMultipartUpload, CopyObject … share). Pure but for the body.

#include <optional>
#include <string>
#include <string_view>

#include "aws/context.h"
#include "base/json.h"
#include "base/result.h"
#include "http/message.h"
#include "objects/s3_store.h"

namespace howdah::services::s3 {

/// A request's body as a Source of the store.
class BodySource final : public objects::Source {
 public:
  explicit BodySource(http::BodyReader& body) : body_(body) {}
  base::Result<size_t> read(std::span<char> into) override { return body_.read(into); }

 private:
  http::BodyReader& body_;
};

/// What every operation refuses: another account's bucket (ExpectedBucketOwner), members that
/// promise what is not done here (encryption, object lock, grants), versions other than "null".
base::Status check_common(const aws::Context& context, const base::JsonObject& input);

/// Bucket, key, metadata, storage class, tags, conditions.
base::Result<objects::PutRequest> put_request(const base::JsonObject& input);
/// If-Match, If-None-Match of a write. NotImplemented for an If-None-Match other than "*".
base::Result<objects::PutConditions> put_conditions(const base::JsonObject& input);
/// Length, Content-MD5 and checksums that the client announced, asked for, or will send as a
/// trailer of `body`, which must outlive what is answered.
base::Result<objects::Expected> expected_body(const aws::Context& context,
                                              const base::JsonObject& input,
                                              http::BodyReader& body);
/// The ChecksumX members of an input. InvalidRequest for a value that is none.
base::Result<std::vector<objects::ChecksumValue>> checksum_members(const base::JsonObject& input);
/// ChecksumAlgorithm, if it is one that is computed here; InvalidRequest otherwise.
base::Result<std::optional<objects::Checksum>> checksum_algorithm(const base::JsonObject& input);

/// `text` without the quotes that an ETag has on the wire.
std::string without_quotes(std::string_view text);
std::string quoted_etag(std::string_view etag);

/// If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since of a read (RFC 9110, 13.2.2).
enum class Verdict { kSend, kNotModified, kFailed };
Verdict evaluate_conditions(const base::JsonObject& input, const objects::ObjectInfo& info);
/// The same of a copy's source (x-amz-copy-source-if-…): PreconditionFailed.
base::Status check_source_conditions(const base::JsonObject& input,
                                     const objects::ObjectInfo& info);

/// May this principal do `action` on that object? AccessDenied when not.
base::Status allow(const aws::Context& context, std::string_view action, std::string_view bucket,
                   std::string_view key);

/// ETag, LastModified, metadata and storage class of an object.
void write_object(const objects::Found& found, base::JsonObject& output);
/// "crc32" -> ChecksumCRC32 …, and ChecksumType.
void write_checksums(const objects::ObjectInfo& info, base::JsonObject& output);
void write_checksums(const std::vector<objects::ChecksumValue>& values, base::JsonObject& output);
/// The account's canonical user: {"ID", "DisplayName"}.
base::JsonObject owner_of(std::string_view account);

}  // namespace howdah::services::s3
