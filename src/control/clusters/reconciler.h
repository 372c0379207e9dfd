#pragma once

// One cluster, brought one decision further: look at the world, plan(), commit, act.
// Level-triggered and idempotent: calling it again is always right, after a crash at any point too.
// Ownership: borrows everything in World. Threads: concurrent calls for different keys; the loop
// never runs one key twice at once. Failure: an error means "try again with backoff"; what fails a
// cluster or a step becomes its state.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/plan/plan.h"
#include "control/clusters/capacity.h"
#include "control/clusters/world.h"
#include "objects/object_store.h"
#include "store/control/control_store.h"

namespace howdah::control {

struct World {
  store::ControlStore& store;
  nodes::Provider& nodes;
  objects::ObjectStore& objects;
  Engines& engines;
  Capacity& capacity;
  base::Clock& clock;
  /// The environment that gives a process its role's credentials; of a cluster, or of one step of
  /// it.
  std::function<std::vector<std::pair<std::string, std::string>>(const cluster::Cluster&,
                                                                 const cluster::Step*)>
      credentials_environment;
  Daemons* daemons = nullptr;  // without them no node may have daemons
  Hadoop* hadoop = nullptr;    // without it nothing is asked of YARN and HDFS
  Attach attach = {};
  ShipNodeLogs ship_node_logs = {};
  ShipStepContainers ship_step_containers = {};
};

class Reconciler {
 public:
  explicit Reconciler(World world) : world_(std::move(world)) {}

  /// Called with keys that should be looked at soon, from any thread.
  std::function<void(const cluster::Key&)> wake = [](const cluster::Key&) {};
  /// Clusters that have, or may have, a node: whom the end of a process concerns.
  std::vector<cluster::Key> with_nodes() { return world_.capacity.admitted(); }

  /// When to look again; nullopt: when something changes.
  base::Result<std::optional<base::Millis>> reconcile(const cluster::Key& key);

  /// Uploads what has grown of running steps' logs; called by the loop now and then.
  void ship_running(const cluster::Key& key);

  /// Ends all nodes for a shutdown: steps that ran end FAILED with that reason and their clusters'
  /// policies act; what waits goes on at the next start. Call when the loop has stopped;
  /// reconcile() starts nothing afterwards.
  base::Status drain();

  /// Nodes that no unfinished cluster wants: removed. Called once at the start and now and then.
  base::Status remove_unwanted();

 private:
  // What is remembered between two calls for a cluster; lost at a restart, which only repeats
  // uploads.
  struct Memory {
    std::map<std::string, bool> shipped;            // ended steps whose logs are up
    std::map<std::string, std::string> ship_error;  // failed for good
    std::map<std::string, int> ship_tries;
    std::map<std::string, std::string> start_error;
    std::map<std::string, int> start_tries;
    bool bootstrap_shipped = false;
    bool final_shipped = false;
    int final_tries = 0;
    int node_tries = 0;
    std::string node_error;
    std::optional<base::Millis> idle_since;
    int running = 0;                                // steps, for the host's count
    std::map<std::string, uint64_t> shipped_bytes;  // of running logs, by path
  };

  Memory& memory_of(const cluster::Key& key);
  void forget(const cluster::Key& key);

  // look.cc
  base::Result<cluster::Seen> look(const cluster::Cluster& cluster, Memory& memory);
  void look_at_engine(const cluster::Cluster& cluster, cluster::Seen& seen);
  void look_at_steps(const cluster::Cluster& cluster, Memory& memory, cluster::Seen& seen);
  int running_steps();
  // act.cc
  base::Status act(const cluster::Cluster& cluster, const cluster::Seen& seen,
                   const cluster::Action& action, Memory& memory);
  base::Status ensure_node(const cluster::Cluster& cluster, Memory& memory);
  base::Status start_bootstrap(const cluster::Cluster& cluster, int number);
  base::Status start_step(const cluster::Cluster& cluster, const cluster::Step& step,
                          Memory& memory);
  base::Status ship_step(const cluster::Cluster& cluster, const cluster::Step& step,
                         const cluster::Seen& seen, Memory& memory);
  base::Status ship_bootstrap(const cluster::Cluster& cluster, Memory& memory);

  World world_;
  bool draining_ = false;
  std::mutex mutex_;
  std::map<cluster::Key, Memory> memories_;
};

}  // namespace howdah::control
