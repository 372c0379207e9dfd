#include "http/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace howdah::http {
namespace {

constexpr size_t kFirstBuffer = 8 * 1024;
constexpr size_t kPerSendfile = 4 * 1024 * 1024;

base::Error gone(int error_number) {
  return base::unavailable(std::string("the peer went away: ") + std::strerror(error_number));
}

bool would_block(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

}  // namespace

Stream::Stream(base::Fd socket, base::Millis timeout)
    : socket_(std::move(socket)), timeout_(timeout), buffer_(kFirstBuffer) {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

void Stream::consume(size_t count) {
  CHECK(count <= end_ - begin_);
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Stream::give_up_after(base::Millis whole) {
  give_up_at_ = base::SystemClock().steady() + whole;
}

base::Status Stream::wait(short events, base::Millis timeout) {
  const base::SystemClock clock;
  const base::Millis until = std::min(clock.steady() + timeout, give_up_at_);
  for (;;) {
    const base::Millis left = std::max(base::Millis(0), until - clock.steady());
    pollfd watched{socket_.get(), events, 0};
    const int ready =
        ::poll(&watched, 1, static_cast<int>(std::min<int64_t>(left.count(), 1 << 30)));
    if (ready > 0) return base::ok();
    if (ready < 0 && errno != EINTR) return base::from_errno("poll");
    if (ready == 0 && until <= clock.steady()) {
      return base::Error{base::Code::kDeadlineExceeded, "the peer stalled", {}, {}};
    }
  }
}

base::Result<bool> Stream::wait_readable(base::Millis timeout) {
  TRY(wait(POLLIN, timeout));
  return true;
}

base::Result<size_t> Stream::receive(std::span<char> into, base::Millis timeout) {
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (got >= 0) return static_cast<size_t>(got);
    if (would_block(errno)) {
      TRY(wait(POLLIN, timeout));
    } else if (errno != EINTR) {
      return gone(errno);
    }
  }
}

base::Result<bool> Stream::fill(size_t limit, base::Millis timeout) {
  if (end_ - begin_ >= limit) {
    return base::Error{base::Code::kResourceExhausted, "a line or head is too long", {}, {}};
  }
  if (begin_ > 0 && end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size())
    buffer_.resize(std::max(buffer_.size(), std::min(limit, buffer_.size() * 2)));
  const size_t got = TRY(receive(std::span(buffer_).subspan(end_), timeout));
  end_ += got;
  return got > 0;
}

base::Status Stream::send(std::span<iovec> parts, bool more) {
  while (!parts.empty()) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (sent < 0) {
      if (would_block(errno)) {
        TRY(wait(POLLOUT, timeout_));
      } else if (errno != EINTR) {
        return gone(errno);
      }
      continue;
    }
    for (auto left = static_cast<size_t>(sent); !parts.empty();) {
      if (left < parts.front().iov_len) {
        parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + left;
        parts.front().iov_len -= left;
        break;
      }
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
  }
  return base::ok();
}

base::Status Stream::send(std::string_view bytes) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return send(std::span(&part, 1));
}

base::Status Stream::send_file(int file, uint64_t offset, uint64_t length) {
  auto at = static_cast<off_t>(offset);
  while (length > 0) {
    const ssize_t sent = ::sendfile(socket_.get(), file, &at,
                                    static_cast<size_t>(std::min<uint64_t>(length, kPerSendfile)));
    if (sent > 0) {
      length -= static_cast<uint64_t>(sent);
    } else if (sent == 0) {
      return base::internal("the file is shorter than the answer promised");
    } else if (would_block(errno)) {
      TRY(wait(POLLOUT, timeout_));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return gone(errno);
    } else if (errno != EINTR) {
      return base::from_errno("sendfile");
    }
  }
  return base::ok();
}

void Stream::linger(size_t bytes, base::Millis patience) {
  ::shutdown(socket_.get(), SHUT_WR);
  const base::SystemClock clock;
  const base::Millis until = clock.steady() + patience;
  char scratch[16 * 1024];
  for (size_t read = 0; read < bytes;) {
    const base::Millis left = until - clock.steady();
    if (left.count() <= 0) return;
    const auto got = receive(scratch, left);
    if (!got.ok() || *got == 0) return;
    read += *got;
  }
}

}  // namespace howdah::http
