#pragma once

// A connected socket with a buffer for what was read too much, and a deadline on every wait.
// Ownership: owns the descriptor (made non-blocking). Threads: one. Failure: kDeadlineExceeded when
// the peer stalls, kUnavailable when it went away.

#include <sys/uio.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace howdah::http {

class Stream {
 public:
  /// `timeout`: of one wait for the peer within a request.
  Stream(base::Fd socket, base::Millis timeout);

  int fd() const { return socket_.get(); }
  /// From now on no wait lasts beyond `whole` from now, however often the peer sends a byte.
  void give_up_after(base::Millis whole);
  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void consume(size_t count);

  /// Waits for the first byte of a request. False: closed by the peer.
  base::Result<bool> wait_readable(base::Millis timeout);
  /// Adds at least one byte to the buffer, which holds at most `limit`; false at the end of input.
  /// kResourceExhausted when the buffer is full.
  base::Result<bool> fill(size_t limit, base::Millis timeout);
  base::Result<bool> fill(size_t limit) { return fill(limit, timeout_); }
  /// Straight into `into`; what is buffered must have been consumed. 0 at the end of input.
  base::Result<size_t> receive(std::span<char> into, base::Millis timeout);
  base::Result<size_t> receive(std::span<char> into) { return receive(into, timeout_); }

  /// All of `parts` (which are changed on the way); `more`: the rest of the packet follows at once.
  base::Status send(std::span<iovec> parts, bool more = false);
  base::Status send(std::string_view bytes);
  base::Status send_file(int file, uint64_t offset, uint64_t length);

  /// Ends our side and reads what the peer still sends (up to `bytes`, `patience`), so that it
  /// finds our answer and not a reset connection.
  void linger(size_t bytes, base::Millis patience);

 private:
  base::Status wait(short events, base::Millis timeout);
  base::Fd socket_;
  base::Millis timeout_;
  base::Millis give_up_at_ = base::Millis::max();  // steady
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
};

}  // namespace howdah::http
