#pragma once

// The body of an S3 request, verified while it is read: SHA-256 of the whole (compared on the read
// that ends it), chunks that each bear a signature, unsigned chunks with a trailing checksum. What
// comes out is the object's bytes alone. A mismatch is an error of the read that discovers it: the
// reader of the body then discards what it has.
// Source: AWS "Signature calculations for the authorization header: transferring payload in
// multiple chunks". Ownership: wraps a BodyReader that must outlive it. Threads: one request, one
// thread.

#include <memory>

#include "aws/form.h"
#include "aws/sigv4.h"
#include "http/message.h"

namespace howdah::aws {

class VerifiedBody : public http::BodyReader {
 public:
  /// Trailing headers, lower case (x-amz-checksum-crc32), complete once read() has returned 0. That
  /// their checksum fits the bytes is for the reader to verify: it computes it anyway.
  virtual const Form& trailers() const = 0;
};

/// Errors of read(): XAmzContentSHA256Mismatch, SignatureDoesNotMatch, IncompleteBody,
/// InvalidRequest (framing), MalformedTrailerError.
/// Errors here: kInvalidArgument when X-Amz-Decoded-Content-Length is missing or no number.
base::Result<std::unique_ptr<VerifiedBody>> open_body(const http::Request& request,
                                                      const Identity& identity);

/// The largest chunk that a client may send: a line that announces more is refused.
inline constexpr uint64_t kLargestChunk = 1ULL << 34;

}  // namespace howdah::aws
