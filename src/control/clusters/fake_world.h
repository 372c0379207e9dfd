#pragma once

// The world of world.h in memory, for tests and simulation: engines that install at once, a host
// with room, daemons that are healthy as soon as a node of nodes::FakeProvider runs them, and a
// Hadoop that does what it is told. Ownership: borrows the provider. Threads: concurrent calls
// allowed. Failure: whatever a test sets.

#include <algorithm>
#include <mutex>
#include <set>

#include "control/clusters/world.h"

namespace howdah::control {

class FakeEngines final : public Engines {
 public:
  /// `missing`: the first install() has something to do.
  explicit FakeEngines(bool missing = false) : installed_(!missing) {}

  Look look(const cluster::Cluster&) override {
    return installed_ ? Look{Look::State::kInstalled, ""} : Look{Look::State::kMissing, ""};
  }
  base::Status install(const cluster::Cluster&) override {
    installed_ = true;
    return base::ok();
  }
  base::Result<NodeSetup> node_of(const cluster::Cluster& cluster,
                                  const cluster::Node& node) override {
    NodeSetup out;
    out.spec.id = cluster::node_id(cluster, node.number);
    out.spec.hostname = cluster::private_dns(cluster, node);
    out.spec.address = node.address;
    if (!node.address.empty()) out.spec.network = cluster.key.id;
    out.can_be_warm = warm;
    out.spec.files.push_back({"/etc/configurations",
                              base::to_text(cluster::configurations_of(cluster, node.group_id)),
                              0644});
    const auto& asked = cluster.wanted.applications;
    if (std::find(asked.begin(), asked.end(), "Hadoop") == asked.end()) return out;
    switch (cluster::role_of(cluster, node)) {
      case cluster::Role::kMaster:
        out.daemons = {unit("hadoop-hdfs-namenode", 8020),
                       unit("hadoop-yarn-resourcemanager", 8088),
                       unit("hadoop-mapreduce-historyserver", 19888, false)};
        break;
      case cluster::Role::kCore:
        out.daemons = {unit("hadoop-hdfs-datanode", 9864), unit("hadoop-yarn-nodemanager", 8042)};
        break;
      case cluster::Role::kTask:
        out.daemons = {unit("hadoop-yarn-nodemanager", 8042)};
        break;
    }
    return out;
  }
  bool warm = false;  // drivers can be made ready in its nodes

  /// What differs for `yarn-site` concerns the resource manager and the node managers.
  std::vector<std::string> restarts(const cluster::Cluster& cluster, const cluster::Node& node,
                                    const base::JsonArray& from,
                                    const base::JsonArray& to) override {
    if (base::to_text(from) == base::to_text(to)) return {};
    return {cluster::role_of(cluster, node) == cluster::Role::kMaster
                ? "hadoop-yarn-resourcemanager"
                : "hadoop-yarn-nodemanager"};
  }

 private:
  static DaemonUnit unit(const std::string& name, uint16_t port, bool essential = true) {
    return {name, "Hadoop", essential, false, port, "", "/var/log/hadoop/" + name + ".log"};
  }
  bool installed_;
};

class FakeDaemons final : public Daemons {
 public:
  explicit FakeDaemons(nodes::Provider& nodes) : nodes_(nodes) {}

  /// From now on `unit` is seen so, on every node or on that instance ("i-…") alone.
  void set(const std::string& unit, DaemonSeen::State state, int exit_code = 0,
           std::string last_lines = "", std::string instance = "") {
    std::lock_guard lock(mutex_);
    DaemonSeen& seen = set_[{std::move(instance), unit}];
    seen.unit = unit;
    seen.state = state;
    seen.exit_code = exit_code;
    seen.last_lines = std::move(last_lines);
  }
  void clear() {
    std::lock_guard lock(mutex_);
    set_.clear();
  }
  struct Asked {
    std::string instance, unit;
    DaemonVerb verb;
  };
  std::vector<Asked> asked() const {
    std::lock_guard lock(mutex_);
    return asked_;
  }

  base::Result<std::vector<DaemonSeen>> look(const cluster::Cluster& cluster,
                                             const cluster::Node& node,
                                             const std::vector<DaemonUnit>& units) override {
    const auto seen = nodes_.look(cluster::node_id(cluster, node.number));
    bool up = false;
    if (seen.ok() && seen->alive) {
      for (const auto& [id, process] : seen->processes)
        up = up ||
             (id.starts_with(kServices) && process.state == nodes::ProcessSeen::State::kRunning);
    }
    std::vector<DaemonSeen> out;
    std::lock_guard lock(mutex_);
    for (const DaemonUnit& unit : units) {
      DaemonSeen one;
      one.unit = unit.unit;
      one.log = unit.log;
      const bool asked = unit.essential || up_.contains({node.instance_id, unit.unit});
      if (up && asked && !down_.contains({node.instance_id, unit.unit}))
        one.state = DaemonSeen::State::kHealthy;
      for (const std::string& instance : {std::string(), node.instance_id}) {
        const auto it = set_.find({instance, unit.unit});
        if (up && it != set_.end()) {
          one = it->second;
          one.log = unit.log;
        }
      }
      out.push_back(std::move(one));
    }
    return out;
  }
  base::Status control(const cluster::Cluster&, const cluster::Node& node, DaemonVerb verb,
                       const std::string& unit) override {
    std::lock_guard lock(mutex_);
    asked_.push_back({node.instance_id, unit, verb});
    if (verb == DaemonVerb::kDown) {
      down_.insert({node.instance_id, unit});
    } else {
      down_.erase({node.instance_id, unit});
      up_.insert({node.instance_id, unit});
    }
    return base::ok();
  }

 private:
  nodes::Provider& nodes_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, DaemonSeen> set_;  // instance or "", unit
  std::set<std::pair<std::string, std::string>> up_, down_;
  std::vector<Asked> asked_;
};

/// Nodes that run belong to YARN and, core ones, to HDFS; those that leave have left after as many
/// looks as `slowness` says.
class FakeHadoop final : public Hadoop {
 public:
  explicit FakeHadoop(int slowness = 1) : slowness_(slowness) {}

  /// Leaving nodes stay "decommissioning" until release().
  void hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    std::lock_guard lock(mutex_);
    held_ = false;
  }
  std::vector<std::string> ended() const {  // steps whose applications were ended
    std::lock_guard lock(mutex_);
    return ended_;
  }
  std::set<std::string> leaving() const {
    std::lock_guard lock(mutex_);
    std::set<std::string> out;
    for (const auto& [host, looks] : leaving_) out.insert(host);
    return out;
  }

  base::Result<HadoopSeen> look(const cluster::Cluster& cluster) override {
    std::lock_guard lock(mutex_);
    HadoopSeen out;
    for (const cluster::Node& node : cluster.status.nodes) {
      const bool master = cluster::role_of(cluster, node) == cluster::Role::kMaster;
      if (master || node.state != cluster::InstanceState::kRunning) continue;
      const bool core = cluster::role_of(cluster, node) == cluster::Role::kCore;
      const std::string host = cluster::private_dns(cluster, node);
      HadoopSeen::Node& one = out.nodes[host];
      one.yarn = HadoopSeen::Yarn::kRunning;
      one.hdfs = core ? HadoopSeen::Hdfs::kLive : HadoopSeen::Hdfs::kNone;
      const auto it = leaving_.find(host);
      if (it == leaving_.end()) continue;
      const bool gone = !held_ && ++it->second >= slowness_;
      one.yarn = gone ? HadoopSeen::Yarn::kDecommissioned : HadoopSeen::Yarn::kDecommissioning;
      if (core)
        one.hdfs = gone ? HadoopSeen::Hdfs::kDecommissioned : HadoopSeen::Hdfs::kDecommissioning;
    }
    return out;
  }
  base::Status refresh(const cluster::Cluster&, const std::vector<std::string>& leaving,
                       base::Millis) override {
    std::lock_guard lock(mutex_);
    std::map<std::string, int> next;
    for (const std::string& host : leaving) next[host] = leaving_[host];
    leaving_ = std::move(next);
    return base::ok();
  }
  base::Status end_applications(const cluster::Cluster&, const cluster::Step& step) override {
    std::lock_guard lock(mutex_);
    ended_.push_back(step.id);
    return base::ok();
  }

 private:
  mutable std::mutex mutex_;
  const int slowness_;
  bool held_ = false;
  std::map<std::string, int> leaving_;  // host -> looks since it was told to leave
  std::vector<std::string> ended_;
};

}  // namespace howdah::control
