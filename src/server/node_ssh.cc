#include "server/node_ssh.h"

#include <unistd.h>

namespace howdah::server {
namespace {

constexpr const char* kSshd = "/usr/sbin/sshd";  // inside the node as on the host
constexpr const char* kLog = "/mnt/var/log/howdah/ssh.log";

}  // namespace

base::Status start_ssh(nodes::Provider& nodes, const cluster::Cluster& cluster,
                       const cluster::Node& node) {
  const cluster::Node* primary = cluster::primary_of(cluster);
  if (!primary || primary->number != node.number || node.address.empty()) return base::ok();
  if (::access(kSshd, X_OK) != 0) return base::ok();
  nodes::ProcessSpec spec;
  spec.id = "sshd";
  spec.argv = {"/usr/lib/howdah/start-ssh", node.address};
  spec.user = "root";
  spec.stdout_path = spec.stderr_path = kLog;
  return nodes.start(cluster::node_id(cluster, node.number), spec);
}

}  // namespace howdah::server
