#include "server/node_listeners.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "http/client.h"

namespace howdah::server {
namespace {

const cluster::Key kKey{"000000000000", "us-east-1", "j-1"};

/// Sockets of this host stand for those inside nodes: which port of the host is which node's.
class NodeListenersTest : public testing::Test {
 protected:
  base::Result<base::Fd> listen(const std::string& node, const std::string& address,
                                uint16_t port) {
    const std::string name = node + " " + address + ":" + std::to_string(port);
    if (fail_) return base::not_found("there is no node " + node);
    if (taken_.contains(name))
      return base::Error{base::Code::kAlreadyExists, name + " is taken", {}, {}};
    base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&at), length), 0);
    EXPECT_EQ(::listen(socket.get(), 10), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &length), 0);
    taken_.insert(name);
    ports_[name] = ntohs(at.sin_port);
    return socket;
  }

  /// What answers there; "" when nobody does.
  std::string at(const std::string& name) {
    http::ClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(ports_.at(name)) + "/";
    const auto answer = http::Client().send(request);
    return answer.ok() ? answer->body : "";
  }

  base::Status attach(int number) {
    cluster::Cluster cluster;
    cluster.key = kKey;
    cluster::Node node;
    node.number = number;
    node.address = "10.64.0.1" + std::to_string(number);
    id_ = cluster::node_id(cluster, number);
    return listeners_.attach(cluster, node);
  }

  static NodeListeners::Answer saying(std::string what) {
    return [what](http::Request&, const NodeOrigin& origin) {
      return http::Response{
          200, {}, what + " " + origin.key.id + " " + std::to_string(origin.number)};
    };
  }

  bool fail_ = false;
  std::set<std::string> taken_;
  std::map<std::string, uint16_t> ports_;
  std::string id_;
  std::unique_ptr<http::Server> http_ =
      std::move(http::Server::start({}, [](http::Request&) { return http::Response{}; })).value();
  NodeListeners listeners_{{[this](const std::string& node, const std::string& address,
                                   uint16_t port) { return listen(node, address, port); },
                            *http_, saying("api"), saying("metadata")}};
};

TEST_F(NodeListenersTest, ANodeMeetsTheApiAndItsOwnMetadata) {
  ASSERT_TRUE(attach(0).ok());
  const std::string first = id_;
  ASSERT_TRUE(attach(1).ok());
  EXPECT_EQ(at(first + " 127.0.0.1:4566"), "api j-1 0");
  EXPECT_EQ(at(first + " 169.254.169.254:80"), "metadata j-1 0");
  EXPECT_EQ(at(id_ + " 127.0.0.1:4566"), "api j-1 1");
  EXPECT_EQ(at(id_ + " 169.254.169.254:80"), "metadata j-1 1");
}

TEST_F(NodeListenersTest, AttachingAgainChangesNothing) {
  ASSERT_TRUE(attach(0).ok());
  ASSERT_TRUE(attach(0).ok());
  EXPECT_EQ(ports_.size(), 2);
  EXPECT_EQ(at(id_ + " 127.0.0.1:4566"), "api j-1 0");
}

TEST_F(NodeListenersTest, ANodeThatWasMadeAgainGetsNewListenersAndTheOldOnesEnd) {
  ASSERT_TRUE(attach(0).ok());
  const auto old = ports_;
  taken_.clear();  // nobody listens in the new network
  ASSERT_TRUE(attach(0).ok());
  EXPECT_NE(ports_, old);
  EXPECT_EQ(at(id_ + " 127.0.0.1:4566"), "api j-1 0");
  ports_ = old;
  EXPECT_EQ(at(id_ + " 127.0.0.1:4566"), "");
}

TEST_F(NodeListenersTest, ADetachedNodesListenersEnd) {
  ASSERT_TRUE(attach(0).ok());
  listeners_.detach(id_);
  listeners_.detach(id_);
  EXPECT_EQ(at(id_ + " 127.0.0.1:4566"), "");
  EXPECT_EQ(at(id_ + " 169.254.169.254:80"), "");
}

TEST_F(NodeListenersTest, SomeoneElseOnThePortIsAnError) {
  ASSERT_TRUE(attach(0).ok());
  taken_.insert(id_ + " 127.0.0.1:4566");
  listeners_.detach(id_);
  const base::Status again = attach(0);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, base::Code::kAlreadyExists);
}

TEST_F(NodeListenersTest, AMissingNodeIsAnErrorAndOneOnTheHostsNetworkNeedsNothing) {
  fail_ = true;
  EXPECT_EQ(attach(0).error().code, base::Code::kNotFound);
  cluster::Cluster cluster;
  cluster.key = kKey;
  EXPECT_TRUE(listeners_.attach(cluster, cluster::Node{}).ok());
}

}  // namespace
}  // namespace howdah::server
