#include "http/client.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "http/raw_peer.h"
#include "http/server.h"

namespace howdah::http {
namespace {

using namespace std::chrono_literals;

class ClientTest : public testing::Test {
 protected:
  std::string url(std::string_view rest) {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + std::string(rest);
  }
  void serve(Handler handler) {
    server_ = std::move(Server::start({}, std::move(handler))).value();
  }
  std::unique_ptr<Server> server_;
  Client client_;
};

TEST_F(ClientTest, SendsMethodTargetFieldsAndBodyAsGiven) {
  serve([](Request& request) {
    std::string all = request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.headers) {
      if (name != "Host") all += name + ": " + value + "\n";
    }
    return Response{201, {}, all + *read_all(*request.body, 1000)};
  });
  ClientRequest request{
      .method = "PUT", .url = url("/a/../b%2Fc//d?x=%20&y"), .body = std::string("a\0b", 3)};
  request.headers.add("X-A", "1");
  request.headers.add("X-Empty", "");
  const auto answer = client_.send(request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body,
            "PUT /a/../b%2Fc//d?x=%20&y\nX-A: 1\nX-Empty: \nContent-Length: 3\n" + request.body);
  for (const char* method : {"POST", "PUT"}) {
    const auto empty = client_.send({.method = method, .url = url("/")});
    EXPECT_EQ(empty->body, std::string(method) + " /\nContent-Length: 0\n");
  }
  for (const char* method : {"GET", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(client_.send({.method = method, .url = url("/")})->body,
              std::string(method) + " /\n");
  }
}

TEST_F(ClientTest, KeepsItsConnection) {
  serve([](Request& request) { return Response{200, {}, std::to_string(request.connection_id)}; });
  const std::string first = client_.send({.url = url("/")})->body;
  EXPECT_EQ(client_.send({.method = "POST", .url = url("/"), .body = "x"})->body, first);
  EXPECT_EQ(client_.send({.url = url("/")})->body, first);
}

TEST_F(ClientTest, HeadHasALengthAndNoBody) {
  serve([](Request&) { return Response{404, {}, std::string("hello")}; });
  const auto answer = client_.send({.method = "HEAD", .url = url("/")});
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->headers.find("content-length"), "5");
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(client_.send({.url = url("/")})->body, "hello");
}

TEST_F(ClientTest, StreamsAnAnswerAndStopsWhenTold) {
  serve([](Request&) {
    struct Endless final : BodySource {
      base::Result<size_t> read(std::span<char> into) override {
        std::fill(into.begin(), into.end(), 'x');
        return into.size();
      }
      std::optional<uint64_t> length() const override { return std::nullopt; }
    };
    Response response;
    response.body = std::make_unique<Endless>();
    return response;
  });
  size_t got = 0;
  ClientRequest request{.url = url("/")};
  request.on_body = [&](std::string_view piece) { return (got += piece.size()) < 1000000; };
  EXPECT_EQ(client_.send(request).error().code, base::Code::kCancelled);
  EXPECT_GE(got, 1000000u);
}

TEST_F(ClientTest, NobodyThereAndTooSlowAreToldApart) {
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  serve([&](Request&) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return over; });
    return Response{};
  });
  EXPECT_EQ(client_.send({.url = url("/"), .timeout = 50ms}).error().code,
            base::Code::kDeadlineExceeded);
  {
    std::lock_guard lock(mutex);
    over = true;
    changed.notify_all();
  }
  const std::string gone = url("/");
  server_.reset();
  EXPECT_EQ(client_.send({.url = gone}).error().code, base::Code::kUnavailable);
  ClientRequest split{.url = gone};
  split.headers.add("X-A", "1\r\nX-B: 2");
  EXPECT_EQ(client_.send(split).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(client_.send({.url = "file:///etc/passwd"}).error().code, base::Code::kInvalidArgument);
}

// Gives `size` bytes in portions, or fails on the way.
class Portions final : public BodySource {
 public:
  Portions(size_t size, std::optional<uint64_t> said, size_t fail_at = SIZE_MAX)
      : left_(size), said_(said), fail_at_(fail_at) {}
  base::Result<size_t> read(std::span<char> into) override {
    if (given_ >= fail_at_) return base::not_found("the source is gone");
    const size_t count = std::min({into.size(), left_, size_t{1000}});
    std::fill_n(into.begin(), count, 'x');
    left_ -= count;
    given_ += count;
    return count;
  }
  std::optional<uint64_t> length() const override { return said_; }

 private:
  size_t left_;
  std::optional<uint64_t> said_;
  size_t fail_at_;
  size_t given_ = 0;
};

TEST_F(ClientTest, SendsABodyFromASource) {
  serve([](Request& request) {
    const std::string length(request.headers.value_or("Content-Length", "chunked"));
    return Response{
        200, {}, length + " " + std::to_string(read_all(*request.body, 1 << 24)->size())};
  });
  for (size_t size : {0, 1, 3'000'000}) {
    Portions known(size, size), unknown(size, std::nullopt);
    const std::string count = std::to_string(size);
    EXPECT_EQ(client_.send({.method = "PUT", .url = url("/"), .source = &known})->body,
              count + " " + count);
    EXPECT_EQ(client_.send({.method = "PUT", .url = url("/"), .source = &unknown})->body,
              "chunked " + count);
  }
}

TEST_F(ClientTest, SaysWhatWentWrongWithTheSource) {
  serve([](Request& request) {
    (void)read_all(*request.body, 1 << 24);
    return Response{200, {}, ""};
  });
  Portions failing(100'000, 100'000, 5000);
  const auto failed = client_.send({.method = "PUT", .url = url("/"), .source = &failing});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "the source is gone");
  Portions brief(1000, 2000);
  const auto cut = client_.send({.method = "PUT", .url = url("/"), .source = &brief});
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, base::Code::kUnavailable);
}

TEST_F(ClientTest, GivesAnAnswerPieceByPiece) {
  std::string text(5'000'000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 3);
  serve([&](Request& request) {
    if (request.path == "/no") return Response{404, {}, "nothing here"};
    return Response{200, {}, text};
  });
  Download download;
  for (const size_t portion : {1000u, 100'000u, 10'000'000u}) {
    ASSERT_EQ(download.open({.url = url("/")})->status, 200);
    EXPECT_EQ(download.length(), text.size());
    std::string got;
    std::vector<char> buffer(portion);
    while (const size_t count = *download.read(buffer)) got.append(buffer.data(), count);
    EXPECT_TRUE(got == text);
    EXPECT_EQ(*download.read(buffer), 0u);
  }
  ASSERT_EQ(download.open({.url = url("/")})->status, 200);  // left unread
  const auto missing = download.open({.url = url("/no")});
  EXPECT_EQ(missing->status, 404);
  EXPECT_EQ(missing->body, "nothing here");
}

TEST_F(ClientTest, NoticesAnAnswerThatBreaksOff) {
  class Broken final : public BodySource {
    base::Result<size_t> read(std::span<char> into) override {
      if (std::exchange(given_, true)) return base::internal("cut");
      into[0] = 'x';
      return size_t{1};
    }
    std::optional<uint64_t> length() const override { return 10; }
    bool given_ = false;
  };
  serve([](Request&) { return Response{200, {}, std::make_unique<Broken>()}; });
  Download download;
  ASSERT_TRUE(download.open({.url = url("/")}).ok());
  std::vector<char> buffer(100);
  EXPECT_EQ(*download.read(buffer), 1u);
  const auto cut = download.read(buffer);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, base::Code::kUnavailable);
  server_.reset();
  EXPECT_EQ(download.open({.url = "http://127.0.0.1:1/"}).error().code, base::Code::kUnavailable);
}

}  // namespace
}  // namespace howdah::http
