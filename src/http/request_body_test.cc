#include "http/request_body.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/socket.h>

#include <thread>

namespace howdah::http {
namespace {

using base::Code;

/// A stream whose peer has sent `bytes` and, if asked, no more will come.
struct Sent {
  explicit Sent(std::string_view bytes, bool ended = true,
                base::Millis timeout = base::Millis(10000))
      : Sent(timeout) {
    EXPECT_EQ(::send(peer.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    if (ended) ::shutdown(peer.get(), SHUT_WR);
  }
  base::Fd peer;
  Stream stream;

 private:
  explicit Sent(base::Millis timeout) : Sent(pair(), timeout) {}
  Sent(std::pair<int, int> fds, base::Millis timeout)
      : peer(fds.first), stream(base::Fd(fds.second), timeout) {}
  static std::pair<int, int> pair() {
    int fds[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    return {fds[0], fds[1]};
  }
};

RequestHead chunked() {
  RequestHead head;
  head.chunked = true;
  return head;
}

RequestHead of_length(uint64_t length) {
  RequestHead head;
  head.content_length = length;
  return head;
}

base::Result<std::string> read_by(BodyReader& body, size_t piece) {
  std::string out, buffer(piece, '\0');
  for (;;) {
    const size_t got = TRY(body.read(buffer));
    if (got == 0) return out;
    out.append(buffer, 0, got);
  }
}

TEST(RequestBody, ChunksAreJoinedWhateverTheSizeOfReads) {
  const std::string big(20000, 'x');
  const std::string bytes = "5\r\nhello\r\n1;a=b;c=\"d\"\r\n \r\n0005 ;x\r\nworld\r\n4E20\r\n" +
                            big + "\r\n0\r\nTrailer: a\r\nOther: b\r\n\r\nNEXT";
  for (size_t piece : {1, 2, 7, 4096, 100000}) {
    Sent sent(bytes);
    RequestBody body(sent.stream, chunked());
    EXPECT_EQ(body.length(), std::nullopt);
    const auto text = read_by(body, piece);
    ASSERT_TRUE(text.ok()) << text.error().message;
    EXPECT_EQ(*text, "hello world" + big);
    EXPECT_TRUE(body.finished());
    EXPECT_EQ(sent.stream.buffered(), "NEXT");
  }
}

TEST(RequestBody, AnyBytesInAnyChunksComeThrough) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& pieces) {
    std::string bytes, expected;
    for (const std::string& piece : pieces) {
      if (piece.empty()) continue;
      bytes += fmt::format("{:X}\r\n{}\r\n", piece.size(), piece);
      expected += piece;
    }
    Sent sent(bytes + "0\r\n\r\n");
    RequestBody body(sent.stream, chunked());
    const auto piece = *rc::gen::inRange<size_t>(1, 300);
    RC_ASSERT(read_by(body, piece).value() == expected);
    RC_ASSERT(sent.stream.buffered().empty());
  }));
}

TEST(RequestBody, BrokenChunksAreRefusedAndStayRefused) {
  const struct {
    const char* name;
    std::string bytes;
    Code code;
  } table[] = {
      {"no number", "x\r\n", Code::kInvalidArgument},
      {"an empty size", "\r\n", Code::kInvalidArgument},
      {"only an extension", ";a\r\n", Code::kInvalidArgument},
      {"a space first", " 5\r\nhello\r\n", Code::kInvalidArgument},
      {"a sign", "+5\r\nhello\r\n", Code::kInvalidArgument},
      {"a negative size", "-5\r\nhello\r\n", Code::kInvalidArgument},
      {"0x", "0x5\r\nhello\r\n", Code::kInvalidArgument},
      {"a size above 2^64", "10000000000000000\r\n", Code::kInvalidArgument},
      {"LF alone", "5\nhello\r\n", Code::kInvalidArgument},
      {"more than its size", "3\r\nhello\r\n0\r\n\r\n", Code::kInvalidArgument},
      {"a long extension", "5;" + std::string(5000, 'x') + "\r\n", Code::kInvalidArgument},
      {"a size line without end", std::string(5000, '1'), Code::kInvalidArgument},
      {"endless trailers",
       "0\r\n" +
           [] {
             std::string many;
             for (int i = 0; i < 2000; ++i) many += "a: bbbbbbbbbb\r\n";
             return many;
           }(),
       Code::kInvalidArgument},
      {"an end in the size", "5", Code::kUnavailable},
      {"an end in the chunk", "5\r\nhel", Code::kUnavailable},
      {"an end before the last chunk", "5\r\nhello\r\n", Code::kUnavailable},
      {"an end in the trailers", "0\r\na: b\r\n", Code::kUnavailable},
  };
  for (const auto& row : table) {
    Sent sent(row.bytes);
    RequestBody body(sent.stream, chunked());
    const auto text = read_by(body, 100);
    ASSERT_FALSE(text.ok()) << row.name;
    EXPECT_EQ(text.error().code, row.code) << row.name << ": " << text.error().message;
    char more[10];
    EXPECT_FALSE(body.read(more).ok()) << row.name;
    EXPECT_FALSE(body.intact());
    EXPECT_FALSE(body.drain(1000));
  }
}

TEST(RequestBody, AKnownLengthLeavesTheNextRequestAlone) {
  for (size_t piece : {1, 3, 5000}) {
    Sent sent("helloNEXT");
    RequestBody body(sent.stream, of_length(5));
    EXPECT_EQ(body.length(), 5u);
    EXPECT_EQ(*read_by(body, piece), "hello");
    EXPECT_TRUE(body.finished());
    std::string rest(sent.stream.buffered());
    if (rest.empty()) {
      ASSERT_TRUE(*sent.stream.fill(100));
      rest = sent.stream.buffered();
    }
    EXPECT_EQ(rest, "NEXT");
  }
}

TEST(RequestBody, APeerThatStallsOrLeavesIsToldApart) {
  {
    Sent sent("hel");
    RequestBody body(sent.stream, of_length(5));
    EXPECT_EQ(read_by(body, 10).error().code, Code::kUnavailable);
  }
  Sent sent("hel", /*ended=*/false, base::Millis(20));
  RequestBody body(sent.stream, of_length(5));
  EXPECT_EQ(read_by(body, 10).error().code, Code::kDeadlineExceeded);
}

TEST(RequestBody, ContinueIsSaidOnceAndOnlyToAPeerThatWaits) {
  const auto said = [](Sent& sent) {
    char bytes[100];
    const ssize_t got = ::recv(sent.peer.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    return std::string(bytes, got < 0 ? 0 : static_cast<size_t>(got));
  };
  RequestHead head = of_length(5);
  head.expects_continue = true;
  Sent waiting("hello");
  RequestBody body(waiting.stream, head);
  EXPECT_TRUE(body.awaited());
  EXPECT_EQ(said(waiting), "");
  EXPECT_EQ(*read_by(body, 2), "hello");
  EXPECT_FALSE(body.awaited());
  EXPECT_EQ(said(waiting), "HTTP/1.1 100 Continue\r\n\r\n");

  Sent eager("hello");
  ASSERT_TRUE(*eager.stream.fill(100));
  RequestBody other(eager.stream, head);
  EXPECT_EQ(*read_by(other, 2), "hello");
  EXPECT_EQ(said(eager), "");
}

TEST(RequestBody, ReadAllKeepsItsLimit) {
  for (const RequestHead& head : {of_length(5), chunked()}) {
    const char* bytes = head.chunked ? "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n" : "hello";
    Sent exact(bytes);
    RequestBody fits(exact.stream, head);
    EXPECT_EQ(*read_all(fits, 5), "hello");
    Sent sent(bytes);
    RequestBody body(sent.stream, head);
    EXPECT_EQ(read_all(body, 4).error().code, Code::kInvalidArgument);
  }
}

TEST(RequestBody, DrainingStopsAtItsLimit) {
  const std::string bytes(100000, 'x');
  Sent sent(bytes);
  RequestBody body(sent.stream, of_length(bytes.size()));
  EXPECT_FALSE(body.drain(1000));
  EXPECT_TRUE(body.drain(200000));
}

}  // namespace
}  // namespace howdah::http
