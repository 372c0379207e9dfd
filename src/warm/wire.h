#pragma once

// How a job travels: from howdah-submit to howdah-warm-driver, and on to its JVM, over a stream
// socket. Header only and without the rest of base, because the JVM's library has it too.
//
//   "HWJ1", length, with the job's stdin, stdout and stderr attached (SCM_RIGHTS); then `length`
//   bytes: arguments, environment (NAME=value), working directory, umask. Numbers have 32 bits, the
//   highest byte first; texts are length and bytes, lists count and texts.
// Instead of a job: "HWL1" and four bytes: leave. Who comes first, a job or that, has the driver.
// From the driver:   'T' seconds     taken: nobody else gets it; for how long it had been ready
//                    'E' code        ended, with the exit code, 128+n for a signal
// From the JVM:      'R' ready, 'J' it has the job; only then the launcher is told that it is taken
// From the launcher: 'S' number      pass on a signal. The end of the stream: the launcher is gone.
//
// Ownership: Message owns its descriptors. Threads: as values. Failure: false; the connection is
// then of no use any more.

#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace howdah::warm {

inline constexpr int kStreams = 3;
inline constexpr uint32_t kMostBytes = 16u << 20;  // the kernel's own limit of argv is below it
inline constexpr std::string_view kMagic = "HWJ1";
inline constexpr std::string_view kLeave{"HWL1\0\0\0\0", 8};

struct Message {
  std::string payload;
  std::array<base::Fd, kStreams> streams;
  bool leave = false;  // it was no job: nobody needs the driver any more
};

inline void put_number(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}
inline void put_text(std::string& out, std::string_view text) {
  put_number(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

/// Reads what the functions above wrote. Past the end everything is empty, and ok() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint32_t number() {
    uint32_t out = 0;
    for (char c : take(4)) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
  std::string text() { return std::string(take(number())); }
  bool ok() const { return ok_; }

 private:
  std::string_view take(size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }
  std::string_view bytes_;
  bool ok_ = true;
};

inline bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

inline bool receive_all(int socket, char* to, size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(socket, to, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

/// A tag and a number.
inline bool send_note(int socket, char tag, uint32_t value) {
  std::string out(1, tag);
  put_number(out, value);
  return send_all(socket, out);
}

inline bool send(int socket, std::string_view payload, const std::array<int, kStreams>& streams) {
  std::string header(kMagic);
  put_number(header, static_cast<uint32_t>(payload.size()));
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int) * kStreams)] = {};
  iovec part{header.data(), header.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int) * kStreams);
  std::memcpy(CMSG_DATA(control), streams.data(), sizeof(int) * kStreams);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(header.size()) && send_all(socket, payload);
}

/// true: a job.
inline bool receive(int socket, Message& out) {
  char header[8] = {};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int) * kStreams)] = {};
  iovec part{header, sizeof header};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  int streams = 0;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    for (size_t i = 0; i < (at->cmsg_len - CMSG_LEN(0)) / sizeof(int) && streams < kStreams; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof fd);
      out.streams[streams++] = base::Fd(fd);
    }
  }
  const auto there = static_cast<size_t>(got);
  if (!receive_all(socket, header + there, sizeof header - there)) return false;
  out.leave = std::string_view(header, sizeof header) == kLeave;
  if (out.leave || streams != kStreams) return false;
  Reader in(std::string_view(header, sizeof header).substr(kMagic.size()));
  const uint32_t size = in.number();
  if (std::string_view(header, kMagic.size()) != kMagic || size > kMostBytes) return false;
  out.payload.resize(size);
  return receive_all(socket, out.payload.data(), size);
}

}  // namespace howdah::warm
