#pragma once

// For tests: a client that sends exactly the bytes it is told to. Ownership: owns its socket.
// Threads: one. Failure: a missing answer fails the test after ten seconds.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "base/fd.h"

namespace howdah::http {

class RawPeer {
 public:
  explicit RawPeer(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }
  int fd() const { return socket_.get(); }

  /// False when the peer no longer takes it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(socket_.get(), SHUT_WR); }

  /// Everything up to and including `mark`; what came, when the connection ends before it.
  std::string read_until(std::string_view mark) {
    for (;;) {
      if (const size_t at = buffer_.find(mark); at != std::string::npos)
        return cut(at + mark.size());
      if (!more()) return cut(buffer_.size());
    }
  }
  std::string read_exactly(size_t count) {
    while (buffer_.size() < count && more()) {
    }
    return cut(std::min(count, buffer_.size()));
  }
  std::string read_to_end() {
    while (more()) {
    }
    return cut(buffer_.size());
  }
  /// A head and a body of Content-Length.
  std::string read_answer() {
    std::string head = read_until("\r\n\r\n");
    const size_t at = head.find("Content-Length: ");
    return head + (at == std::string::npos ? "" : read_exactly(std::stoul(head.substr(at + 16))));
  }
  bool readable_now() {
    pollfd watched{socket_.get(), POLLIN, 0};
    return !buffer_.empty() || ::poll(&watched, 1, 0) > 0;
  }

 private:
  std::string cut(size_t count) {
    std::string out = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return out;
  }
  bool more() {
    pollfd watched{socket_.get(), POLLIN, 0};
    if (::poll(&watched, 1, 10000) <= 0) {
      ADD_FAILURE() << "nothing came in ten seconds";
      return false;
    }
    char piece[65536];
    const ssize_t got = ::recv(socket_.get(), piece, sizeof piece, 0);
    if (got <= 0) return false;
    buffer_.append(piece, static_cast<size_t>(got));
    return true;
  }

  base::Fd socket_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace howdah::http
