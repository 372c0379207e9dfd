#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "http/raw_peer.h"
#include "http/server.h"

namespace howdah::http {
namespace {

using namespace std::chrono_literals;
constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Response done(Request&) { return {200, {}, std::string("done")}; }

std::unique_ptr<Server> serve(Handler handler, ServerOptions options = {}) {
  auto server = Server::start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().message);
  return std::move(server).value();
}

TEST(ServerLimits, AHeadThatTricklesInIsCutOff) {
  auto server = serve(done, {.io_timeout = 50ms});
  RawPeer peer(server->port());
  peer.send("GET / HTTP/1.1\r\n");
  // a byte now and then must not keep it alive
  std::atomic<bool> over = false;
  std::thread trickle([&] {
    while (!over && peer.send("X")) std::this_thread::yield();
  });
  const std::string answer = peer.read_to_end();
  over = true;
  trickle.join();
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 408 ") ||
              answer.starts_with("HTTP/1.1 431 "))
      << answer;
}

TEST(ServerLimits, AStalledHeadIs408) {
  auto server = serve(done, {.io_timeout = 30ms});
  RawPeer peer(server->port());
  peer.send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(peer.read_to_end().starts_with("HTTP/1.1 408 "));
}

TEST(ServerLimits, AnIdleConnectionIsClosedWithoutAWord) {
  auto server = serve(done, {.idle_timeout = 30ms});
  RawPeer fresh(server->port());
  EXPECT_EQ(fresh.read_to_end(), "");
  RawPeer used(server->port());
  used.send(kGet);
  EXPECT_TRUE(used.read_answer().ends_with("done"));
  EXPECT_EQ(used.read_to_end(), "");
}

TEST(ServerLimits, AStalledBodyReachesTheHandlerAsADeadline) {
  auto server = serve(
      [](Request& request) {
        const auto body = read_all(*request.body, 100);
        return Response{body.ok() ? 200 : 400, {}, std::string(base::name_of(body.error().code))};
      },
      {.io_timeout = 30ms});
  RawPeer peer(server->port());
  peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  const std::string answer = peer.read_to_end();
  EXPECT_TRUE(answer.ends_with("deadline exceeded")) << answer;
}

TEST(ServerLimits, APeerThatDoesNotReadIsGivenUp) {
  std::promise<void> finished;
  struct Source final : BodySource {
    explicit Source(std::promise<void>& finished) : finished_(finished) {}
    ~Source() override { finished_.set_value(); }
    base::Result<size_t> read(std::span<char> into) override { return into.size(); }
    std::optional<uint64_t> length() const override { return std::nullopt; }
    std::promise<void>& finished_;
  };
  auto server = serve(
      [&](Request&) {
        Response response;
        response.body = std::make_unique<Source>(finished);
        return response;
      },
      {.io_timeout = 50ms});
  RawPeer peer(server->port());
  peer.send(kGet);
  EXPECT_EQ(finished.get_future().wait_for(10s), std::future_status::ready);
}

TEST(ServerLimits, BeyondTheMostConnectionsIs503) {
  auto server = serve(done, {.max_connections = 2});
  {
    RawPeer a(server->port()), b(server->port());
    for (RawPeer* peer : {&a, &b}) {
      peer->send(kGet);
      EXPECT_TRUE(peer->read_answer().ends_with("done"));
    }
    RawPeer c(server->port());
    EXPECT_TRUE(c.read_to_end().starts_with("HTTP/1.1 503 "));
  }
  for (;;) {  // until their ends are noticed
    RawPeer d(server->port());
    d.send(kGet);
    if (d.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 ")) break;
  }
}

TEST(ServerLimits, StoppingLetsRequestsFinishAndClosesIdleConnections) {
  std::latch inside(1);
  std::promise<void> go;
  auto server = serve([&](Request& request) {
    if (request.path == "/slow") {
      inside.count_down();
      go.get_future().wait();
    }
    return done(request);
  });
  RawPeer idle(server->port()), slow(server->port());
  idle.send(kGet);
  EXPECT_TRUE(idle.read_answer().ends_with("done"));
  slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  inside.wait();
  const uint16_t port = server->port();
  std::thread stopper([&] { server->stop(60s); });
  EXPECT_EQ(idle.read_to_end(), "");
  go.set_value();
  const std::string answer = slow.read_to_end();
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("done"));
  stopper.join();
  EXPECT_FALSE(RawPeer(port).connected());
}

TEST(ServerLimits, AfterTheGraceConnectionsAreCut) {
  std::latch inside(1);
  auto server = serve([&](Request& request) {
    inside.count_down();
    char byte;
    return Response{request.body->read({&byte, 1}).ok() ? 200 : 400, {}, std::string()};
  });
  RawPeer peer(server->port());
  peer.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  inside.wait();
  server->stop(10ms);  // returns although the body never comes
  EXPECT_EQ(peer.read_to_end(), "");
}

TEST(ServerLimits, ServesAListenerThatSomeoneElseMade) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 10), 0);
  auto server = serve(done, {.listener = listener});
  RawPeer peer(server->port());
  peer.send(kGet);
  EXPECT_TRUE(peer.read_answer().ends_with("done"));
}

TEST(ServerLimits, ATakenPortAndABadAddressAreSaid) {
  auto server = serve(done);
  const auto second = Server::start({.port = server->port()}, done);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::Code::kAlreadyExists);
  EXPECT_EQ(Server::start({.address = "localhost"}, done).error().code,
            base::Code::kInvalidArgument);
  auto six = Server::start({.address = "::1"}, done);
  EXPECT_TRUE(!six.ok() || (*six)->port() != 0);
}

TEST(ServerLimits, ManyConnectionsAtOnceAreAllAnswered) {
  std::atomic<int> answered = 0;
  auto server = serve(done);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        RawPeer peer(server->port());
        for (int k = 0; k < 4; ++k) {
          peer.send(kGet);
          answered += peer.read_answer().ends_with("done");
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, 800);
}

}  // namespace
}  // namespace howdah::http
