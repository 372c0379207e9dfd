#pragma once

// The server as it is met inside nodes with a network of their own: http://localhost:4566, the
// same API as outside, and instance metadata at http://169.254.169.254. The sockets are bound
// inside the node and served by this process.
// Ownership: owns the listeners until detach(), through the http::Server that serves them. An open
// listener keeps the node's network alive: whoever ends a node detaches it. Threads: concurrent
// calls allowed; those for one node are serialised. Failure: what Provider::listen_inside says.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cluster/cluster.h"
#include "http/server.h"

namespace howdah::server {

/// Where a request comes from.
struct NodeOrigin {
  cluster::Key key;
  int number = 0;       // of the cluster's instances
  std::string node_id;  // cluster::node_id
};

class NodeListeners {
 public:
  using Answer = std::function<http::Response(http::Request&, const NodeOrigin&)>;
  /// nodes::Provider::listen_inside.
  using Listen = std::function<base::Result<base::Fd>(const std::string& node_id,
                                                      const std::string& address, uint16_t port)>;
  struct Options {
    Listen listen;
    http::Server& http;
    Answer api;       // on port 4566
    Answer metadata;  // on port 80
  };
  explicit NodeListeners(Options options) : o_(std::move(options)) {}

  /// Opens and serves what is missing of the node's listeners. Idempotent, and right for a node
  /// that was made again under its name: what belonged to the old one ends. Nothing to do for a
  /// node that shares the host's network. kAborted when the node ended meanwhile.
  base::Status attach(const cluster::Cluster& cluster, const cluster::Node& node);
  /// Ends the node's listeners and their connections; nothing to do for an unknown one.
  void detach(const std::string& node_id);

 private:
  struct Open {
    std::mutex mutex;  // held while listeners are opened
    bool ended = false;
    std::map<uint16_t, uint64_t> doors;  // by port: of http::Server
  };

  base::Status open(Open& open, const NodeOrigin& origin, const std::string& address, uint16_t port,
                    const Answer& answer);

  Options o_;
  std::mutex mutex_;
  // Shared: detach() may come while attach() opens.
  std::map<std::string, std::shared_ptr<Open>> open_;  // by node id
};

}  // namespace howdah::server
