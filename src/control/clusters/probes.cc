#include "control/clusters/probes.h"

#include "base/log.h"

namespace howdah::control {
namespace {

bool same(const std::vector<DaemonSeen>& a, const std::vector<DaemonSeen>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].unit != b[i].unit || a[i].state != b[i].state || a[i].exit_code != b[i].exit_code)
      return false;
  }
  return true;
}

bool same(const HadoopSeen& a, const HadoopSeen& b) {
  if (a.nodes.size() != b.nodes.size()) return false;
  for (const auto& [host, node] : a.nodes) {
    const auto it = b.nodes.find(host);
    if (it == b.nodes.end() || it->second.yarn != node.yarn || it->second.hdfs != node.hdfs)
      return false;
  }
  return true;
}

}  // namespace

std::vector<DaemonSeen> Probes::daemons(const cluster::Cluster& cluster, const cluster::Node& node,
                                        const std::vector<DaemonUnit>& units,
                                        base::Millis max_age) {
  if (daemons_ == nullptr) return {};
  const NodeKey key{cluster.key, node.number};
  uint64_t generation = 0;
  {
    std::lock_guard lock(mutex_);
    auto& asked = nodes_[key];
    const bool due = !asked.ever || clock_.steady() - asked.at >= max_age;
    if (asked.asking || !due) return asked.answer.value_or(std::vector<DaemonSeen>());
    asked.asking = asked.ever = true;
    asked.at = clock_.steady();
    if (asked.generation == 0) asked.generation = ++generations_;
    generation = asked.generation;
  }
  aside([this, key, generation, cluster, node, units] {
    auto answer = daemons_->look(cluster, node, units);
    bool changed = false;
    {
      std::lock_guard lock(mutex_);
      const auto it = nodes_.find(key);
      if (it == nodes_.end() || it->second.generation != generation) return;
      it->second.asking = false;
      if (answer.ok()) {
        changed = !it->second.answer || !same(*it->second.answer, *answer);
        it->second.answer = std::move(*answer);
      }
    }
    if (!answer.ok())
      base::log_debug("control", "{}: {}", node.instance_id, answer.error().message);
    if (changed) wake(key.first);
  });
  std::lock_guard lock(mutex_);
  return nodes_[key].answer.value_or(std::vector<DaemonSeen>());
}

std::optional<HadoopSeen> Probes::hadoop(const cluster::Cluster& cluster, base::Millis max_age) {
  if (hadoop_ == nullptr) return std::nullopt;
  const cluster::Key key = cluster.key;
  uint64_t generation = 0;
  {
    std::lock_guard lock(mutex_);
    auto& asked = clusters_[key];
    const bool due = !asked.ever || clock_.steady() - asked.at >= max_age;
    if (asked.asking || !due) return asked.answer;
    asked.asking = asked.ever = true;
    asked.at = clock_.steady();
    if (asked.generation == 0) asked.generation = ++generations_;
    generation = asked.generation;
  }
  aside([this, key, generation, cluster] {
    auto answer = hadoop_->look(cluster);
    bool changed = false;
    {
      std::lock_guard lock(mutex_);
      const auto it = clusters_.find(key);
      if (it == clusters_.end() || it->second.generation != generation) return;
      it->second.asking = false;
      changed = answer.ok() && (!it->second.answer || !same(*it->second.answer, *answer));
      // One that does not answer any more is not believed on.
      it->second.answer = answer.ok() ? std::optional(std::move(*answer)) : std::nullopt;
    }
    if (changed) wake(key);
  });
  std::lock_guard lock(mutex_);
  return clusters_[key].answer;
}

void Probes::forget(const cluster::Key& key, int number) {
  std::lock_guard lock(mutex_);
  nodes_.erase({key, number});
}

void Probes::forget(const cluster::Key& key) {
  std::lock_guard lock(mutex_);
  clusters_.erase(key);
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    it = it->first.first == key ? nodes_.erase(it) : std::next(it);
  }
}

}  // namespace howdah::control
