#pragma once

// The parts of a request that name bytes, objects and tags in small languages of their own: Range,
// x-amz-copy-source, x-amz-copy-source-range, x-amz-tagging, continuation tokens. Pure functions
// over bytes from outside.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "objects/fields.h"

namespace howdah::services::s3 {

struct Span {
  uint64_t offset = 0;
  uint64_t length = 0;
};

/// The bytes that `Range` selects of `size` (RFC 9110, 14.2). nullopt: the field is no single byte
/// range and is to be ignored. InvalidRange (416) when it selects nothing.
base::Result<std::optional<Span>> parse_range(std::string_view range, uint64_t size);

/// "bytes=first-last", both needed; InvalidArgument otherwise.
base::Result<std::pair<uint64_t, uint64_t>> parse_copy_range(std::string_view range);

struct ObjectName {
  std::string bucket;
  std::string key;
};

/// "[/]bucket/key[?versionId=null]", percent-encoded. InvalidArgument for anything else.
base::Result<ObjectName> parse_copy_source(std::string_view source);

/// "a=1&b=2", percent-encoded. InvalidArgument when it cannot be read, InvalidTag for tags that S3
/// refuses.
base::Result<objects::Pairs> parse_tagging(std::string_view tagging);

/// At most 10, keys of 1 to 128 and values of up to 256 characters, no key twice (S3 user guide,
/// "Categorizing your objects using tags"): InvalidTag, BadRequest.
base::Status check_tags(const objects::Pairs& tags);

/// Opaque to clients; InvalidArgument for one that is not ours.
std::string encode_token(std::string_view next);
base::Result<std::string> decode_token(std::string_view token);

}  // namespace howdah::services::s3
