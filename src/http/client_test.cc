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

}  // namespace
}  // namespace howdah::http
