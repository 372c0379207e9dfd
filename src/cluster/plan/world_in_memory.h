#pragma once

// A world for plan() without anything behind it: nodes live at once, daemons are healthy at once,
// bootstrap actions and steps run until a test says how they ended, those that leave are
// decommissioned at once unless held. For tests of services and for scenarios; the simulation of
// control has the real reconciler. Ownership: of its nodes. Threads: one.

#include <map>
#include <set>
#include <string>

#include "cluster/plan/plan.h"

namespace howdah::cluster {

class WorldInMemory {
 public:
  struct Node {
    bool alive = true;
    bool watched = true;
    std::string reason;
    std::map<std::string, Process> processes;
    int64_t configured = -1;
    bool others_started = false;
    bool announced = false;
    bool leaving = false;
    std::map<std::string, Daemon::State> daemons;  // those that a test has set
  };

  Seen look(const Cluster& cluster) const {
    Seen out;
    out.engine.state = Seen::Engine::State::kInstalled;
    out.capacity = capacity;
    out.capacity_reason = "Waiting for capacity";
    out.network.exists = networks.contains(cluster.key.id);
    out.network.subnet = out.network.exists ? "10.64.0.0/22" : "";
    out.idle = idle;
    out.hadoop_known = true;
    for (const Step& step : cluster.steps) out.step_ends[step.id].logs_shipped = true;
    for (const cluster::Node& row : cluster.status.nodes) {
      const auto it = nodes.find(row.instance_id);
      SeenNode& seen = out.nodes[row.number];
      seen.final_logs_shipped = true;
      if (it == nodes.end()) continue;
      const Node& node = it->second;
      seen.exists = true;
      seen.alive = seen.attached = node.alive;
      seen.watched = node.watched;
      seen.reason = node.reason;
      seen.public_address = row.address.empty() ? "127.0.0.1" : row.address;
      seen.processes = node.processes;
      seen.bootstrap_log = "stderr";
      seen.configured_version = node.configured;
      seen.others_started = node.others_started;
      seen.announced = node.announced;
      look_at_daemons(cluster, row, node, seen);
      look_at_hadoop(cluster, row, node, seen);
    }
    return out;
  }

  void act(const Cluster& cluster, const Action& action) {
    using Kind = Action::Kind;
    const std::string instance = instance_id(cluster, action.node);
    switch (action.kind) {
      case Kind::kEnsureNetwork:
        networks.insert(cluster.key.id);
        return;
      case Kind::kRemoveNetwork:
        networks.erase(cluster.key.id);
        return;
      case Kind::kEnsureNode:
        nodes[instance].alive = nodes[instance].watched = true;
        return;
      case Kind::kRemoveNode:
        nodes.erase(instance);
        return;
      case Kind::kStartBootstrap:
        return run(instance, process_of_bootstrap(action.number));
      case Kind::kStartServices:
        return run(instance, process_of_services(action.number));
      case Kind::kStartOthers:
        nodes[instance].others_started = true;
        return;
      case Kind::kReconfigure:
        for (const cluster::Node& row : cluster.status.nodes) {
          if (row.number == action.node) nodes[instance].configured = row.applying;
        }
        return;
      case Kind::kTellHadoop:
        for (const cluster::Node& row : cluster.status.nodes) {
          const auto it = nodes.find(row.instance_id);
          if (it == nodes.end()) continue;
          it->second.leaving = row.leaving.has_value();
          it->second.announced = true;
        }
        return;
      case Kind::kStartStep:
      case Kind::kSignalStep:
        return act_on_step(cluster, action);
      default:
        return;
    }
  }

  /// The running process ends.
  void finish(const std::string& instance, const std::string& process, int exit_code,
              base::Time now) {
    nodes[instance].processes[process] = {Process::State::kExited, exit_code, 0, false, "", now,
                                          base::Millis(0)};
  }
  /// Its init is gone, and this server saw it.
  void kill_node(const std::string& instance) { end(nodes[instance], true, "its init was ended"); }
  /// Where a step of the cluster runs, started or not.
  Process& process_on_primary(const Cluster& cluster, const Step& step) {
    const cluster::Node* primary = primary_of(cluster);
    return nodes[primary ? primary->instance_id : ""].processes[process_of_step(step)];
  }
  /// All nodes are gone at once, and so was the server.
  void restart_host() {
    for (auto& [id, node] : nodes) end(node, false, "the host was restarted");
  }

  std::map<std::string, Node> nodes;  // by instance id
  std::set<std::string> networks;     // by cluster id
  bool capacity = true;
  bool hold_decommission = false;
  base::Millis idle{0};
  base::Millis leaving_for{0};

 private:
  static void end(Node& node, bool watched, const std::string& reason) {
    node.alive = false;
    node.watched = watched;
    node.reason = reason;
    for (auto& [name, process] : node.processes) {
      if (process.state != Process::State::kRunning) continue;
      process.state = Process::State::kLost;
      process.lost_reason = reason;
    }
  }

  void run(const std::string& instance, const std::string& process) {
    nodes[instance].processes[process].state = Process::State::kRunning;
  }

  void act_on_step(const Cluster& cluster, const Action& action) {
    for (const Step& step : cluster.steps) {
      if (step.id != action.step_id) continue;
      Process& process = process_on_primary(cluster, step);
      if (action.kind == Action::Kind::kStartStep) {
        process.state = Process::State::kRunning;
      } else {
        process = {Process::State::kExited, 143, 15, false, "", base::Time(), base::Millis(0)};
      }
    }
  }

  static void look_at_daemons(const Cluster& cluster, const cluster::Node& row, const Node& node,
                              SeenNode& seen) {
    if (cluster.status.nodes.size() < 2) return;
    const bool master = role_of(cluster, row) == Role::kMaster;
    Daemon daemon;
    daemon.unit = master ? "hadoop-yarn-resourcemanager" : "hadoop-yarn-nodemanager";
    daemon.application = "Hadoop";
    daemon.log = "/var/log/hadoop-yarn/" + daemon.unit + ".log";
    const auto services = node.processes.find(process_of_services(1));
    const bool up = services != node.processes.end();
    daemon.state = node.alive && up ? Daemon::State::kHealthy : Daemon::State::kDown;
    const auto set = node.daemons.find(daemon.unit);
    if (up && set != node.daemons.end()) daemon.state = set->second;
    seen.daemons.push_back(std::move(daemon));
  }

  void look_at_hadoop(const Cluster& cluster, const cluster::Node& row, const Node& node,
                      SeenNode& seen) const {
    if (!node.alive || row.state != InstanceState::kRunning) return;
    const Role role = role_of(cluster, row);
    if (role == Role::kMaster) return;
    seen.yarn = Membership::kMember;
    if (node.leaving)
      seen.yarn = hold_decommission ? Membership::kDecommissioning : Membership::kDecommissioned;
    if (role == Role::kCore) seen.hdfs = seen.yarn;
    seen.told_to_leave = node.leaving;
    if (row.leaving) seen.leaving_for = leaving_for;
  }
};

}  // namespace howdah::cluster
