#include "server/node_listeners.h"

namespace howdah::server {
namespace {

constexpr uint16_t kApiPort = 4566;
constexpr uint16_t kMetadataPort = 80;

}  // namespace

base::Status NodeListeners::attach(const cluster::Cluster& cluster, const cluster::Node& node) {
  if (node.address.empty()) return base::ok();
  const NodeOrigin origin{cluster.key, node.number, cluster::node_id(cluster, node.number)};
  std::shared_ptr<Open> mine;
  {
    std::lock_guard lock(mutex_);
    auto& entry = open_[origin.node_id];
    if (!entry) entry = std::make_shared<Open>();
    mine = entry;
  }
  std::lock_guard lock(mine->mutex);
  if (mine->ended)
    return base::Error{base::Code::kAborted, "node " + origin.node_id + " ended", {}, {}};
  TRY(open(*mine, origin, "127.0.0.1", kApiPort, o_.api));
  return open(*mine, origin, "169.254.169.254", kMetadataPort, o_.metadata);
}

// What listens there already is ours if we hold one: then it is the same network still. A node that
// was made again has nobody there, and the listener of the old network goes.
base::Status NodeListeners::open(Open& open, const NodeOrigin& origin, const std::string& address,
                                 uint16_t port, const Answer& answer) {
  const auto old = open.doors.find(port);
  auto socket = o_.listen(origin.node_id, address, port);
  if (!socket.ok()) {
    if (socket.error().code == base::Code::kAlreadyExists && old != open.doors.end())
      return base::ok();
    return socket.error();
  }
  if (old != open.doors.end()) {
    o_.http.drop(old->second);
    open.doors.erase(old);
  }
  const uint64_t door =
      TRY(o_.http.also_serve(std::move(*socket), [answer, origin](http::Request& request) {
        return answer(request, origin);
      }));
  open.doors.emplace(port, door);
  return base::ok();
}

void NodeListeners::detach(const std::string& node_id) {
  std::shared_ptr<Open> gone;
  {
    std::lock_guard lock(mutex_);
    const auto found = open_.find(node_id);
    if (found == open_.end()) return;
    gone = std::move(found->second);
    open_.erase(found);
  }
  std::lock_guard lock(gone->mutex);
  gone->ended = true;
  for (const auto& [port, door] : gone->doors) o_.http.drop(door);
  gone->doors.clear();
}

}  // namespace howdah::server
