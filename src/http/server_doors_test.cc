// A server that serves more than one listening socket.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "http/raw_peer.h"
#include "http/server.h"

namespace howdah::http {
namespace {

struct Listener {
  base::Fd socket;
  uint16_t port = 0;
};

Listener listen_anywhere() {
  Listener out{base::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), 0};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(::bind(out.socket.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(::listen(out.socket.get(), 100), 0);
  ::getsockname(out.socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  out.port = ntohs(address.sin_port);
  return out;
}

Handler saying(std::string text) {
  return [text](Request&) { return Response{200, {}, text}; };
}

std::string get(RawPeer& peer) {
  peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = peer.read_answer();
  const size_t at = answer.find("\r\n\r\n");
  return at == std::string::npos ? "" : answer.substr(at + 4);
}

TEST(ServerDoors, EachListenerHasItsOwnHandler) {
  auto server = std::move(Server::start({}, saying("first"))).value();
  Listener second = listen_anywhere(), third = listen_anywhere();
  ASSERT_TRUE(server->also_serve(std::move(second.socket), saying("second")).ok());
  ASSERT_TRUE(server->also_serve(std::move(third.socket), saying("third")).ok());
  RawPeer a(server->port()), b(second.port), c(third.port);
  EXPECT_EQ(get(a), "first");
  EXPECT_EQ(get(b), "second");
  EXPECT_EQ(get(c), "third");
  EXPECT_EQ(get(b), "second");
}

TEST(ServerDoors, ADroppedListenerEndsWithItsConnectionsAndTheOthersGoOn) {
  auto server = std::move(Server::start({}, saying("first"))).value();
  Listener other = listen_anywhere();
  const auto number = server->also_serve(std::move(other.socket), saying("other"));
  ASSERT_TRUE(number.ok());
  RawPeer stays(server->port()), ends(other.port);
  EXPECT_EQ(get(ends), "other");
  EXPECT_EQ(get(stays), "first");
  server->drop(*number);
  server->drop(*number);
  EXPECT_EQ(ends.read_to_end(), "");
  EXPECT_FALSE(RawPeer(other.port).connected());
  EXPECT_EQ(get(stays), "first");
}

TEST(ServerDoors, HundredsOfListenersNeedNoThreadOfTheirOwn) {
  auto server = std::move(Server::start({}, saying("first"))).value();
  std::vector<std::pair<uint16_t, uint64_t>> doors;
  for (int i = 0; i < 300; ++i) {
    Listener one = listen_anywhere();
    const auto number = server->also_serve(std::move(one.socket), saying(std::to_string(i)));
    ASSERT_TRUE(number.ok());
    doors.emplace_back(one.port, *number);
  }
  for (size_t i = 0; i < doors.size(); i += 37) {
    RawPeer peer(doors[i].first);
    EXPECT_EQ(get(peer), std::to_string(i));
  }
  for (const auto& [port, number] : doors) server->drop(number);
  RawPeer peer(server->port());
  EXPECT_EQ(get(peer), "first");
}

TEST(ServerDoors, AStoppedServerTakesNoListenerAndClosesThoseItHas) {
  auto server = std::move(Server::start({}, saying("first"))).value();
  Listener one = listen_anywhere(), two = listen_anywhere();
  ASSERT_TRUE(server->also_serve(std::move(one.socket), saying("one")).ok());
  server->stop(std::chrono::milliseconds(100));
  EXPECT_FALSE(RawPeer(one.port).connected());
  const auto late = server->also_serve(std::move(two.socket), saying("two"));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, base::Code::kCancelled);
}

}  // namespace
}  // namespace howdah::http
