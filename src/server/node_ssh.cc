#include "server/node_ssh.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace howdah::server {
namespace {

constexpr const char* kSshd = "/usr/sbin/sshd";  // inside the node as on the host
constexpr std::string_view kProcess = "sshd-";
constexpr const char* kLog = "/mnt/var/log/howdah/ssh.log";

}  // namespace

base::Status start_ssh(nodes::Provider& nodes, const cluster::Cluster& cluster,
                       const cluster::Node& node) {
  const cluster::Node* primary = cluster::primary_of(cluster);
  if (!primary || primary->number != node.number || node.address.empty()) return base::ok();
  if (::access(kSshd, X_OK) != 0) return base::ok();
  const std::string node_id = cluster::node_id(cluster, node.number);
  // A process runs once: a node that was made again needs another one.
  int last = 0;
  const nodes::NodeSeen now = TRY(nodes.look(node_id));
  for (const auto& [id, seen] : now.processes) {
    if (!id.starts_with(kProcess)) continue;
    if (seen.state == nodes::ProcessSeen::State::kRunning) return base::ok();
    last = std::max(last, std::atoi(id.c_str() + kProcess.size()));
  }
  nodes::ProcessSpec spec;
  spec.id = fmt::format("{}{}", kProcess, last + 1);
  spec.argv = {"/usr/lib/howdah/start-ssh", node.address};
  spec.user = "root";
  spec.stdout_path = spec.stderr_path = kLog;
  return nodes.start(node_id, spec);
}

}  // namespace howdah::server
