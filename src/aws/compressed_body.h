#pragma once

// A request body that an SDK has compressed (Content-Encoding: gzip; CloudWatch's PutMetricData
// from 10 KiB on). The signature covers the compressed bytes: decompress after reading, before
// decoding. Pure.

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

/// The model says so of no operation of S3's, whose Content-Encoding belongs to the object.
bool is_compressed(const http::Request& request);

/// `body` without its gzip. kInvalidArgument, reason SerializationException, when it is broken,
/// kInvalidArgument when it would be longer than `limit` bytes.
base::Result<std::string> decompress(std::string_view body, size_t limit);

}  // namespace howdah::aws
