#pragma once

// The rules for names of buckets and keys, and the public read-only bucket of samples that every
// region has (`us-east-1.elasticmapreduce`). Pure functions.

#include <string>
#include <string_view>

#include "base/result.h"

namespace howdah::objects {

/// The bucket that holds our samples; `<region>.elasticmapreduce` is another name for it.
inline constexpr std::string_view kPublicBucket = "elasticmapreduce";

/// InvalidBucketName unless `bucket` keeps S3's rules (Amazon S3 user guide, "General purpose
/// bucket naming rules"): 3 to 63 of a-z 0-9 . -, no IPv4 address, no reserved prefix or suffix.
base::Status check_bucket_name(std::string_view bucket);

/// KeyTooLongError above 1,024 bytes; InvalidArgument for an empty key or one that is not UTF-8.
base::Status check_key(std::string_view key);

bool is_public_bucket(std::string_view bucket);

/// The name under which a bucket is stored: every name of the public bucket becomes kPublicBucket.
std::string_view stored_name(std::string_view bucket);

bool is_utf8(std::string_view text);

/// The smallest byte string that is greater than all that begin with `prefix`; empty: there is
/// none.
std::string after_prefix(std::string_view prefix);

}  // namespace howdah::objects
