#include "control/clusters/capacity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "control/clusters/step_on_node.h"
#include "job/warm_driver.h"

namespace howdah::control {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
// What a Spark driver with the default heap of 1 GiB takes, with its off-heap part and its Python.
constexpr uint64_t kStepNeeds = 1536ull * 1024 * 1024;

// What idle daemons take of this host, measured with the heaps that apps/*/application.json gives
// them: NameNode 166 MB, ResourceManager 225, DataNode 136, NodeManager 190, the history servers of
// MapReduce and Spark 156 and 200, Hive's metastore and HiveServer2 280 and 800.
constexpr uint64_t kMiB = 1024 * 1024;
constexpr uint64_t kPrimaryNeeds = 750 * kMiB;
constexpr uint64_t kCoreNeeds = 330 * kMiB;
constexpr uint64_t kTaskNeeds = 190 * kMiB;
constexpr uint64_t kHiveNeeds = 1080 * kMiB;
// Stays free for what runs on them.
constexpr uint64_t kReserve = 512 * kMiB;

uint64_t needs_of(cluster::Role role) {
  switch (role) {
    case cluster::Role::kMaster:
      return kPrimaryNeeds;
    case cluster::Role::kCore:
      return kCoreNeeds;
    case cluster::Role::kTask:
      return kTaskNeeds;
  }
  return 0;
}

}  // namespace

uint64_t memory_of_daemons(const cluster::Cluster& cluster) {
  if (!has_hadoop(cluster)) return 0;
  uint64_t out = 0;
  for (const cluster::Group& group : cluster.wanted.groups) {
    const auto there = std::count_if(
        cluster.status.nodes.begin(), cluster.status.nodes.end(),
        [&](const cluster::Node& n) { return n.group_id == group.id && !cluster::is_over(n); });
    const int64_t missing = std::max<int64_t>(0, group.count - there);
    out += static_cast<uint64_t>(missing) * needs_of(group.role);
    const auto& names = cluster.wanted.applications;
    const bool hive = std::any_of(names.begin(), names.end(), [](const std::string& name) {
      return base::equals_ignore_case(name, "Hive");
    });
    if (hive && missing > 0 && group.role == cluster::Role::kMaster) out += kHiveNeeds;
  }
  return out;
}

bool Capacity::admit(const cluster::Cluster& cluster, std::string* reason) {
  uint64_t needs = 0;
  int instances = 0;
  for (const cluster::Group& group : cluster.wanted.groups) {
    needs += host_.declared_memory(group.instance_type) * static_cast<uint64_t>(group.count);
    instances += group.count;
  }
  std::lock_guard lock(mutex_);
  const auto own = admitted_.find(cluster.key);
  if (own != admitted_.end() && own->second >= needs) {
    own->second = needs;
    return true;
  }
  uint64_t taken = 0;
  for (const auto& [key, bytes] : admitted_) taken += key == cluster.key ? 0 : bytes;
  const double limit = static_cast<double>(host_.total_memory()) * factor_;
  const size_t others = admitted_.size() - (own == admitted_.end() ? 0 : 1);
  // After a restart of the server one that was taken on is not turned away.
  const bool again = own == admitted_.end() && cluster.status.admitted;
  if (!again && others > 0 && static_cast<double>(taken + needs) > limit) {
    *reason = fmt::format(
        "Waiting for capacity: {} other clusters take {:.0f} of {:.0f} GiB of declared memory on "
        "this host, and the {} instances of this one declare {:.0f}",
        others, static_cast<double>(taken) / kGiB, limit / kGiB, instances,
        static_cast<double>(needs) / kGiB);
    waiting_.insert(cluster.key);
    return false;
  }
  const uint64_t daemons = memory_of_daemons(cluster);
  const uint64_t free = host_.available_memory();
  if (!again && others > 0 && daemons > 0 && free < daemons + kReserve) {
    *reason = fmt::format(
        "Waiting for memory: {:.1f} GiB of this host are free, and the daemons on new instances "
        "need {:.1f} beside what {} other clusters run",
        static_cast<double>(free) / kGiB, static_cast<double>(daemons + kReserve) / kGiB, others);
    waiting_.insert(cluster.key);
    return false;
  }
  waiting_.erase(cluster.key);
  admitted_[cluster.key] = needs;
  return true;
}

std::vector<cluster::Key> Capacity::release(const cluster::Key& key) {
  std::lock_guard lock(mutex_);
  waiting_.erase(key);
  if (admitted_.erase(key) == 0) return {};
  // More than can be taken on at once need not hear of it.
  std::vector<cluster::Key> out;
  for (auto it = waiting_.begin(); it != waiting_.end() && out.size() < 16; ++it)
    out.push_back(*it);
  return out;
}

std::vector<cluster::Key> Capacity::admitted() {
  std::lock_guard lock(mutex_);
  std::vector<cluster::Key> out;
  for (const auto& [key, bytes] : admitted_) out.push_back(key);
  return out;
}

bool Capacity::memory_for_warm() {
  return host_.available_memory() >= job::kWarmDriverLeaves + job::kWarmDriverTakes;
}

bool Capacity::memory_short() { return host_.available_memory() < kStepNeeds; }

bool Capacity::memory_for_step(int running, bool warm_driver_waits, std::string* reason) {
  const uint64_t given_back = warm_driver_waits ? job::kWarmDriverTakes : 0;
  const uint64_t free = host_.available_memory() + given_back;
  if (running == 0 || free >= kStepNeeds) return true;
  *reason = fmt::format(
      "Waiting for memory: {:.1f} GiB of this host are free, a step needs {:.1f}; {} steps are "
      "running",
      static_cast<double>(free) / kGiB, static_cast<double>(kStepNeeds) / kGiB, running);
  return false;
}

}  // namespace howdah::control
