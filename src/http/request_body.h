#pragma once

// The body of a request as the handler reads it: of a known length, or chunked (RFC 9112, 7.1;
// extensions and trailers are read and dropped). Ownership: borrows the stream. Threads: one.
// Failure: what BodyReader says; after one, the connection is of no further use.

#include <cstdint>
#include <optional>

#include "http/message.h"
#include "http/request_head.h"
#include "http/stream.h"

namespace howdah::http {

class RequestBody final : public BodyReader {
 public:
  RequestBody(Stream& stream, const RequestHead& head);

  base::Result<size_t> read(std::span<char> into) override;
  std::optional<uint64_t> length() const override { return length_; }

  bool finished() const { return finished_; }
  /// The peer waits for "100 Continue", which reading would send.
  bool awaited() const { return expects_continue_; }
  /// False once nothing can be said about where the next request begins.
  bool intact() const { return !fault_.has_value(); }
  /// Reads on until the end, at most `limit` bytes; true when the end was reached.
  bool drain(uint64_t limit);

 private:
  base::Result<size_t> read_next(std::span<char> into);
  base::Result<size_t> read_part(std::span<char> into);
  base::Status next_chunk();
  base::Result<std::string_view> line();

  Stream& stream_;
  std::optional<uint64_t> length_;
  uint64_t left_ = 0;  // of the body, or of the chunk
  bool chunked_;
  bool first_chunk_ = true;
  bool expects_continue_;
  bool finished_;
  std::optional<base::Error> fault_;
};

}  // namespace howdah::http
