// What the world shows of each node of a cluster. Nothing here waits for a node: questions over
// sockets are asked aside.

#include <fmt/format.h>

#include <algorithm>

#include "control/clusters/log_files.h"
#include "control/clusters/reconciler.h"
#include "control/jobs/process.h"

namespace howdah::control {
namespace {

using base::Millis;
using base::Status;
using cluster::Cluster;
using cluster::InstanceState;
using cluster::Node;
using cluster::Seen;
using cluster::SeenNode;

// How old an answer may be: of a node that comes up or changes, of one that is not well, of one
// that is.
constexpr Millis kSoon{250};
constexpr Millis kUneasy{1000};
constexpr Millis kSteadily{5000};
// YARN and HDFS are told again when they do not show what they were told.
constexpr Millis kTellAgain{30000};
constexpr const char* kShutdownFolder = "/mnt/var/lib/instance-controller/public/shutdown-actions";

cluster::Daemon::State state_of(DaemonSeen::State state) {
  switch (state) {
    case DaemonSeen::State::kDown:
      return cluster::Daemon::State::kDown;
    case DaemonSeen::State::kStarting:
      return cluster::Daemon::State::kStarting;
    case DaemonSeen::State::kHealthy:
      return cluster::Daemon::State::kHealthy;
    case DaemonSeen::State::kFailed:
      return cluster::Daemon::State::kFailed;
  }
  return cluster::Daemon::State::kDown;
}

cluster::Membership word_of(HadoopSeen::Yarn yarn) {
  switch (yarn) {
    case HadoopSeen::Yarn::kNone:
      return cluster::Membership::kNone;
    case HadoopSeen::Yarn::kRunning:
      return cluster::Membership::kMember;
    case HadoopSeen::Yarn::kLost:
      return cluster::Membership::kLost;
    case HadoopSeen::Yarn::kDecommissioning:
      return cluster::Membership::kDecommissioning;
    case HadoopSeen::Yarn::kDecommissioned:
      return cluster::Membership::kDecommissioned;
  }
  return cluster::Membership::kNone;
}

cluster::Membership word_of(HadoopSeen::Hdfs hdfs) {
  switch (hdfs) {
    case HadoopSeen::Hdfs::kNone:
      return cluster::Membership::kNone;
    case HadoopSeen::Hdfs::kLive:
      return cluster::Membership::kMember;
    case HadoopSeen::Hdfs::kDead:
      return cluster::Membership::kLost;
    case HadoopSeen::Hdfs::kDecommissioning:
      return cluster::Membership::kDecommissioning;
    case HadoopSeen::Hdfs::kDecommissioned:
      return cluster::Membership::kDecommissioned;
  }
  return cluster::Membership::kNone;
}

// A daemon that is being started, stopped or restarted: "sv-2-force-restart-hadoop-…" runs.
bool is_being_told(const SeenNode& seen, const std::string& unit) {
  for (const auto& [id, process] : seen.processes) {
    if (process.state == cluster::Process::State::kRunning && id.starts_with("sv-") &&
        id.ends_with("-" + unit))
      return true;
  }
  return false;
}

bool is_services(const std::string& process) {
  return process == kServices || process.starts_with(std::string(kServices) + "-");
}

}  // namespace

// The nodes that files of a node name: hosts, members of YARN and HDFS.
std::string Reconciler::view_of(const Cluster& cluster) {
  std::string out;
  for (const Node& node : cluster.status.nodes) {
    if (!cluster::is_over(node)) out += fmt::format("{} ", node.number);
  }
  return out;
}

Status Reconciler::look_at_node(const Cluster& cluster, const Node& node, NodeMemory& memory,
                                SeenNode& seen) {
  const Millis now = world_.clock.steady();
  const std::string id = cluster::node_id(cluster, node.number);
  seen.error = memory.error;
  auto there = world_.nodes.look(id);
  if (!there.ok() && there.error().code != base::Code::kNotFound) return std::move(there).error();
  if (there.ok()) {
    seen.exists = true;
    seen.alive = there->alive;
    seen.reason = there->reason;
    for (const auto& [process_id, process] : there->processes) {
      cluster::Process& one = seen.processes[process_id] = process_of(process);
      if (one.state != cluster::Process::State::kRunning) {
        memory.running_since.erase(process_id);
        continue;
      }
      const auto since = memory.running_since.try_emplace(process_id, now).first->second;
      one.running_for = now - since;
    }
  }
  if (seen.alive) memory.watched = true;
  seen.watched = memory.watched && !draining_;
  seen.attached = memory.attached || node.address.empty() || !world_.attach;
  if (seen.alive && memory.public_address.empty()) {
    auto address = world_.nodes.public_address(id);
    if (address.ok()) memory.public_address = std::move(*address);
  }
  seen.public_address = memory.public_address;
  seen.outdated = seen.alive && !node.address.empty() && memory.view != view_of(cluster);
  seen.announced = memory.announced;
  if (!node.leaving) {
    memory.leaving_since.reset();
    memory.told_to_leave.reset();
  } else if (!memory.leaving_since) {
    memory.leaving_since = now;
  }
  if (memory.leaving_since) seen.leaving_for = now - *memory.leaving_since;
  seen.told_to_leave = memory.told_to_leave && now - *memory.told_to_leave < kTellAgain;
  const bool going = node.leaving || cluster.status.state == cluster::State::kTerminating;
  if (going && seen.alive) {
    const auto scripts = world_.nodes.list_folder(id, kShutdownFolder);
    seen.shutdown_actions = scripts.ok() && !scripts->empty() && !draining_;
  }
  look_at_logs(cluster, node, memory, seen);
  return look_at_daemons(cluster, node, memory, seen);
}

void Reconciler::look_at_logs(const Cluster& cluster, const Node& node, const NodeMemory& memory,
                              SeenNode& seen) {
  const auto place = log_place(cluster.wanted.log_uri);
  seen.bootstrap_logs_shipped = !place || memory.bootstrap_shipped;
  const int number = node.bootstrap_done + 1;
  if (number <= static_cast<int>(cluster.wanted.bootstrap_actions.size())) {
    seen.bootstrap_log =
        place ? place->uri(bootstrap_key(cluster, node.instance_id, number, "stderr"))
              : (bootstrap_log_folder(number) / "stderr").string() + " on the node";
  }
  seen.final_logs_shipped = !place || memory.final_shipped;
}

Status Reconciler::look_at_daemons(const Cluster& cluster, const Node& node, NodeMemory& memory,
                                   SeenNode& seen) {
  const Millis now = world_.clock.steady();
  // A node that is still being made has them too: the plan moves through several states at once.
  if (node.state == InstanceState::kTerminated || node.lost ||
      cluster.status.state == cluster::State::kTerminating)
    return base::ok();  // nobody asks how they are
  const int64_t version = node.applying != -1 ? node.applying : node.configurations_version;
  if (!memory.units || memory.units_version != version) {
    auto setup = world_.engines.node_of(cluster, node);
    if (!setup.ok() && (!cluster.wanted.terminate.empty() || !seen.alive)) return base::ok();
    if (!setup.ok()) return std::move(setup).error();
    memory.units = std::move(setup->daemons);
    memory.can_be_warm = setup->can_be_warm;
    memory.units_version = version;
  }
  if (memory.units->empty()) return base::ok();
  if (world_.daemons == nullptr)
    return base::internal(
        fmt::format("{} has daemons and nobody looks after them", node.instance_id));

  bool services = false;
  for (const auto& [id, process] : seen.processes)
    services = services || (is_services(id) && process.state == cluster::Process::State::kRunning);
  if (!services || !seen.alive) {
    memory.starting_since.reset();
  } else if (!memory.starting_since) {
    memory.starting_since = now;
  }
  if (memory.starting_since) seen.starting_for = now - *memory.starting_since;
  seen.others_started = memory.others_started;
  seen.configured_version = memory.configured;
  seen.configure_error = memory.configure_error;
  if (memory.configured != -1) seen.configuring_for = now - memory.configured_at;

  // What was known of a daemon before it was told something is not believed afterwards.
  const bool told = std::any_of(memory.units->begin(), memory.units->end(),
                                [&](const auto& unit) { return is_being_told(seen, unit.unit); });
  if (memory.told && !told) probes_.forget(cluster.key, node.number);
  memory.told = told;
  std::vector<DaemonSeen> daemons;
  if (services && seen.alive) {
    const bool soon = node.state == InstanceState::kBootstrapping || node.applying != -1;
    const bool uneasy = !node.failed.empty() || !node.others_started;
    daemons = probes_.daemons(cluster, node, *memory.units,
                              soon     ? kSoon
                              : uneasy ? kUneasy
                                       : kSteadily);
  }
  for (size_t i = 0; i < memory.units->size(); ++i) {
    const DaemonUnit& unit = (*memory.units)[i];
    cluster::Daemon daemon;
    daemon.unit = unit.unit;
    daemon.application = unit.application;
    daemon.essential = unit.essential;
    daemon.on_demand = unit.on_demand;
    daemon.log = unit.log;
    daemon.state = services ? cluster::Daemon::State::kStarting : cluster::Daemon::State::kDown;
    const bool known = i < daemons.size() && daemons[i].unit == unit.unit;
    if (known && !is_being_told(seen, unit.unit)) {
      daemon.state = state_of(daemons[i].state);
      daemon.exit_code = daemons[i].exit_code;
      daemon.signal = daemons[i].signal;
      daemon.last_lines = daemons[i].last_lines;
    }
    seen.daemons.push_back(std::move(daemon));
  }
  return base::ok();
}

void Reconciler::look_at_hadoop(const Cluster& cluster, Seen& seen) {
  const bool going = cluster.status.state == cluster::State::kRunning ||
                     cluster.status.state == cluster::State::kWaiting;
  if (world_.hadoop == nullptr || !going || cluster.status.nodes.size() < 2) return;
  bool leaving = false;
  for (const Node& node : cluster.status.nodes)
    leaving = leaving || (node.leaving && !cluster::is_over(node));
  const auto hadoop = probes_.hadoop(cluster, leaving ? kUneasy : 6 * kSteadily);
  if (!hadoop) return;
  seen.hadoop_known = true;
  for (const Node& node : cluster.status.nodes) {
    const auto it = hadoop->nodes.find(cluster::private_dns(cluster, node));
    const auto one = seen.nodes.find(node.number);
    if (it == hadoop->nodes.end() || one == seen.nodes.end()) continue;
    one->second.yarn = word_of(it->second.yarn);
    one->second.hdfs = word_of(it->second.hdfs);
    one->second.containers = it->second.containers;
    one->second.unhealthy = it->second.unhealthy;
  }
}

}  // namespace howdah::control
