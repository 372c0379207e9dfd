#include "http/exchange.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "http/response_head.h"
#include "http/server.h"

namespace howdah::http {
namespace {

constexpr base::Millis kPatience{5000};

base::Fd connect_to(uint16_t port) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

std::string text_of(BodySource& body) {
  std::string out;
  char piece[100];
  for (;;) {
    const auto got = body.read(piece);
    if (!got.ok()) return out + " ERROR " + got.error().message;
    if (*got == 0) return out;
    out.append(piece, *got);
  }
}

/// What exchange() makes of a peer that answers exactly these bytes and ends.
base::Result<ExchangeResponse> answered_with(std::string_view bytes, std::string method = "GET") {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  base::Fd peer(fds[1]);
  EXPECT_EQ(::send(peer.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  ::shutdown(peer.get(), SHUT_WR);
  static base::Fd kept;  // closing it with our request unread would reset the connection
  kept = std::move(peer);
  ExchangeRequest request;
  request.method = std::move(method);
  return exchange(base::Fd(fds[0]), request, kPatience);
}

class Words final : public BodyReader {
 public:
  Words(std::string text, bool known) : text_(std::move(text)), known_(known) {}
  base::Result<size_t> read(std::span<char> into) override {
    const size_t count = std::string_view(text_).substr(at_, 3).copy(into.data(), into.size());
    at_ += count;
    return count;
  }
  std::optional<uint64_t> length() const override {
    return known_ ? std::optional<uint64_t>(text_.size()) : std::nullopt;
  }

 private:
  std::string text_;
  bool known_;
  size_t at_ = 0;
};

TEST(Exchange, CarriesTheRequestAndItsBodyToAServerAndTheAnswerBack) {
  auto server = Server::start({}, [](Request& request) {
    const auto body = read_all(*request.body, 1000);
    Response out;
    out.status = 201;
    out.headers.set("X-Seen", request.headers.value_or("X-Mine", "none"));
    out.body = request.method + " " + request.target + " " + body.value();
    return out;
  });
  ASSERT_TRUE(server.ok());
  for (const bool known : {true, false}) {
    Words body("one two three", known);
    ExchangeRequest request{"PUT", "/a%2Fb?c=d", {}, &body};
    request.headers.add("Host", "node:80");
    request.headers.add("X-Mine", "1");
    auto answer = exchange(connect_to((*server)->port()), request, kPatience);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->headers.value_or("X-Seen", ""), "1");
    EXPECT_EQ(text_of(*answer->body), "PUT /a%2Fb?c=d one two three");
  }
}

TEST(Exchange, ReadsEveryWayToFrameAnAnswer) {
  struct Case {
    const char* bytes;
    const char* body;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
       "hello"},
      {"HTTP/1.1 200 OK\r\n\r\nhello", "hello"},
      {"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nhello", "hello"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi"},
      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ""}};
  for (const Case& one : cases) {
    auto answer = answered_with(one.bytes);
    ASSERT_TRUE(answer.ok()) << one.bytes << answer.error().message;
    EXPECT_EQ(text_of(*answer->body), one.body) << one.bytes;
  }
  auto head = answered_with("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD");
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(text_of(*head->body), "");
}

TEST(Exchange, RefusesAnswersThatTwoReadersCouldUnderstandDifferently) {
  for (const char* bytes :
       {"", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"}) {
    const auto answer = answered_with(bytes);
    ASSERT_FALSE(answer.ok()) << bytes;
    EXPECT_EQ(answer.error().code, base::Code::kUnavailable) << answer.error().message;
  }
}

TEST(Exchange, SaysWhenABodyBreaksOff) {
  auto answer = answered_with("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
  ASSERT_TRUE(answer.ok());
  EXPECT_NE(text_of(*answer->body).find("ERROR"), std::string::npos);
}

TEST(Exchange, SendsNoLineBreakThatItsCallerSmuggledIn) {
  for (const char* target : {"/a b", "/a\r\nX: y", "/a\nb"}) {
    int fds[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    base::Fd peer(fds[1]);
    ExchangeRequest request;
    request.target = target;
    const auto answer = exchange(base::Fd(fds[0]), request, kPatience);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, base::Code::kInvalidArgument);
  }
}

TEST(Exchange, GivesUpOnAPeerThatTrickles) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  base::Fd peer(fds[1]);
  std::jthread trickle([&](std::stop_token stop) {
    while (!stop.stop_requested() && ::send(peer.get(), "x", 1, MSG_NOSIGNAL) == 1)
      base::SystemClock().wait(base::Millis(5), stop);
  });
  ExchangeRequest request;
  request.whole = base::Millis(60);
  const auto answer = exchange(base::Fd(fds[0]), request, kPatience);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, base::Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace howdah::http
