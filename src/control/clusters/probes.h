#pragma once

// What is asked over sockets, aside of the control loop's workers: how daemons are, and what YARN
// and HDFS say of their nodes. A worker gets the latest answer at once; an old one is asked for
// again meanwhile, and a different answer wakes the cluster. Ownership: borrows the world. Threads:
// concurrent calls allowed. Failure: a question that cannot be answered leaves what was known.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "control/clusters/world.h"

namespace howdah::control {

class Probes {
 public:
  Probes(Daemons* daemons, Hadoop* hadoop, base::Clock& clock)
      : daemons_(daemons), hadoop_(hadoop), clock_(clock) {}

  /// Runs a question; on the spot unless the loop has threads for it.
  std::function<void(std::function<void()>)> aside = [](const std::function<void()>& question) {
    question();
  };
  /// An answer was different from the one before.
  std::function<void(const cluster::Key&)> wake = [](const cluster::Key&) {};

  /// The node's daemons, in the order of `units`; empty: nothing is known yet.
  std::vector<DaemonSeen> daemons(const cluster::Cluster& cluster, const cluster::Node& node,
                                  const std::vector<DaemonUnit>& units, base::Millis max_age);
  std::optional<HadoopSeen> hadoop(const cluster::Cluster& cluster, base::Millis max_age);
  /// What is known of the node is not true any more: its daemons were restarted.
  void forget(const cluster::Key& key, int number);
  void forget(const cluster::Key& key);

 private:
  template <typename Answer>
  struct Asked {
    std::optional<Answer> answer;
    base::Millis at{0};
    bool asking = false;
    bool ever = false;
    uint64_t generation = 0;  // an answer to an older question is dropped
  };
  using NodeKey = std::pair<cluster::Key, int>;

  Daemons* const daemons_;
  Hadoop* const hadoop_;
  base::Clock& clock_;
  std::mutex mutex_;
  uint64_t generations_ = 0;
  std::map<NodeKey, Asked<std::vector<DaemonSeen>>> nodes_;
  std::map<cluster::Key, Asked<HadoopSeen>> clusters_;
};

}  // namespace howdah::control
