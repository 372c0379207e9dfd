#pragma once

// Which clusters this host has taken on. Declared units may exceed the host by a factor; beyond it
// a new cluster waits in STARTING. A cluster that asks for more than all of that still gets its
// turn alone: "never fits" is a limit that a user sets, never this host. Threads: concurrent calls
// allowed. Not durable: rebuilt from the store's admitted clusters.

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "control/clusters/world.h"

namespace howdah::control {

/// Of this host, in bytes: what the daemons take on those instances that are wanted and not there
/// yet; 0 for a cluster without Hadoop.
uint64_t memory_of_daemons(const cluster::Cluster& cluster);

class Capacity {
 public:
  Capacity(Host& host, double oversubscription) : host_(host), factor_(oversubscription) {}

  /// Takes on all instances that are wanted of the cluster (again) if there is room; else the
  /// reason. One that was taken on and cannot grow keeps what it has.
  bool admit(const cluster::Cluster& cluster, std::string* reason);
  /// Gives its share back; answers the clusters that wait for room and should be looked at again.
  std::vector<cluster::Key> release(const cluster::Key& key);
  std::vector<cluster::Key> admitted();  // those that have, or may have, a node

  /// What one process of the type's node may take, in bytes; 0: no limit is known.
  uint64_t memory_of(const std::string& instance_type) {
    return host_.declared_memory(instance_type);
  }

  /// May another step start now? `running` counts the steps that run on this host. A warm driver
  /// that waits where it will run is memory that it need not find: used up, or ended when short.
  bool memory_for_step(int running, bool warm_driver_waits, std::string* reason);
  /// A driver that nobody needs yet may be made.
  bool memory_for_warm();
  /// Steps would have to wait: what is only kept ready is to go.
  bool memory_short();

 private:
  Host& host_;
  const double factor_;
  std::mutex mutex_;
  std::map<cluster::Key, uint64_t> admitted_;
  std::set<cluster::Key> waiting_;
};

}  // namespace howdah::control
