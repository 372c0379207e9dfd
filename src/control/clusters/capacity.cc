#include "control/clusters/capacity.h"

#include <fmt/format.h>

namespace howdah::control {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
// What a Spark driver with the default heap of 1 GiB takes, with its off-heap part and its Python.
constexpr uint64_t kStepNeeds = 1536ull * 1024 * 1024;

}  // namespace

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

bool Capacity::memory_for_step(int running, std::string* reason) {
  const uint64_t free = host_.available_memory();
  if (running == 0 || free >= kStepNeeds) return true;
  *reason = fmt::format(
      "Waiting for memory: {:.1f} GiB of this host are free, a step needs {:.1f}; {} steps are "
      "running",
      static_cast<double>(free) / kGiB, static_cast<double>(kStepNeeds) / kGiB, running);
  return false;
}

}  // namespace howdah::control
