#pragma once

// A routed request into its input, an answer into a response: one pair of functions for every
// protocol. Ownership: values. Threads: pure functions. Failure: Amazon's reasons, see decode.
//
// Inside the server an input or output is a JsonObject under the model's member names: timestamps
// are epoch milliseconds, integers int64, blobs raw bytes, maps objects, lists arrays.

#include <string>
#include <string_view>

#include "aws/route.h"
#include "aws/view.h"
#include "base/json.h"
#include "base/result.h"
#include "http/message.h"

namespace howdah::aws {

/// The most that a body may hold which is read whole (a CompleteMultipartUpload of 10,000 parts is
/// about 2 MB; RunJobFlow is refused by AWS far below).
inline constexpr size_t kLargestBufferedBody = 8 * 1024 * 1024;

/// The operation's input, validated. `body` is the whole body text, unused when streams_input().
/// SerializationException (JSON), MalformedInput (Query), MalformedXML, InvalidArgument … (S3) for
/// what cannot be read; ValidationException, ValidationError or S3's codes for broken constraints.
base::Result<base::JsonObject> decode(const Route& route, const http::Request& request,
                                      std::string_view body);

/// The response of success.
http::Response encode(const Route& route, Answer answer, std::string_view request_id);

/// Only the body's text, for who sends it otherwise (a held waiter). Not for streaming outputs.
std::string encode_text(const Route& route, const base::JsonObject& members,
                        std::string_view request_id);

}  // namespace howdah::aws
