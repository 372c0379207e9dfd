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
#include "control/clusters/probes.h"
#include "control/clusters/world.h"
#include "control/jobs/loop.h"
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
  bool warm = true;  // drivers are kept ready in primary nodes of Spark alone
};

class Reconciler final : public Reconciles {
 public:
  explicit Reconciler(World world)
      : world_(std::move(world)), probes_(world_.daemons, world_.hadoop, world_.clock) {
    probes_.wake = [this](const cluster::Key& key) { wake(key); };
  }

  /// Probes run through it.
  void set_aside(std::function<void(std::function<void()>)> aside) override {
    probes_.aside = std::move(aside);
  }
  /// Actions on so many nodes of one cluster are done at once.
  void set_parallel(int nodes) { parallel_ = nodes; }
  /// Clusters that have, or may have, nodes: whom the end of a process concerns.
  std::vector<cluster::Key> with_nodes() override { return world_.capacity.admitted(); }
  base::Result<std::vector<cluster::Key>> unfinished() override {
    return world_.store.unfinished();
  }
  std::vector<cluster::Key> changed(base::Millis timeout, std::stop_token stop) override {
    return world_.store.changes().take(timeout, std::move(stop));
  }

  /// When to look again; nullopt: when something changes.
  base::Result<std::optional<base::Millis>> reconcile(const cluster::Key& key) override;

  /// Uploads what has grown of running steps' logs and of nodes' own; called by the loop now and
  /// then.
  void ship_running(const cluster::Key& key) override;

  /// Ends all nodes for a shutdown: steps that ran end FAILED with that reason and their clusters'
  /// policies act; what waits goes on at the next start. Call when the loop has stopped;
  /// reconcile() starts nothing afterwards.
  base::Status drain();

  /// Nodes and networks that no unfinished cluster wants: removed. Called once at the start and now
  /// and then.
  base::Status remove_unwanted() override;
  /// Old rows, and the logs that were kept of their nodes.
  base::Status expire() override;

 private:
  // What is remembered of a node between two calls; lost at a restart, which only repeats what may
  // be repeated.
  struct NodeMemory {
    bool watched = false;   // it was seen alive
    bool attached = false;  // its endpoint is served by this process
    int tries = 0;          // to make it, in a row
    std::string error;      // making it failed for good
    std::string public_address;
    std::string view;                                   // which nodes its files know
    std::map<std::string, base::Millis> running_since;  // by process
    bool bootstrap_shipped = false;
    std::optional<std::vector<DaemonUnit>> units;  // made from units_version
    int64_t units_version = -1;
    std::optional<base::Millis> starting_since;
    bool told = false;  // a daemon was being started or restarted
    bool others_started = false;
    int64_t configured = -1;  // the version that was tried last
    std::string configure_error;
    base::Millis configured_at{0};
    bool announced = false;
    std::optional<base::Millis> leaving_since;
    std::optional<base::Millis> told_to_leave;  // when
    bool final_shipped = false;
    int final_tries = 0;
    bool can_be_warm = false;  // says the engine
    bool cold = false;         // a warm driver could not be started here: nobody tries again
  };
  // And of a cluster.
  struct Memory {
    std::map<int, NodeMemory> nodes;  // by number
    std::string subnet;
    std::string network_refused;
    int network_tries = 0;
    std::map<std::string, bool> shipped;            // ended steps whose logs are up
    std::map<std::string, std::string> ship_error;  // failed for good
    std::map<std::string, int> ship_tries;
    std::map<std::string, bool> applications_ended;  // of steps that ended and were cancelled
    std::map<std::string, std::string> start_error;
    std::map<std::string, int> start_tries;
    std::optional<base::Millis> idle_since;
    int running = 0;                                // steps, for the host's count
    bool warming = false;                           // a driver of it is getting ready
    std::map<std::string, uint64_t> shipped_bytes;  // of running logs, by path
  };

  Memory& memory_of(const cluster::Key& key);
  void forget(const cluster::Key& key);

  // look.cc
  base::Result<cluster::Seen> look(const cluster::Cluster& cluster, Memory& memory);
  base::Status look_at_host(const cluster::Cluster& cluster, Memory& memory, cluster::Seen& seen);
  void look_at_steps(const cluster::Cluster& cluster, Memory& memory, cluster::Seen& seen);
  void look_at_warm(const cluster::Cluster& cluster, const cluster::Node& node, Memory& memory,
                    cluster::Seen& seen);
  int running_steps();
  // look_at_nodes.cc
  base::Status look_at_node(const cluster::Cluster& cluster, const cluster::Node& node,
                            NodeMemory& memory, cluster::SeenNode& seen);
  base::Status look_at_daemons(const cluster::Cluster& cluster, const cluster::Node& node,
                               NodeMemory& memory, cluster::SeenNode& seen);
  void look_at_logs(const cluster::Cluster& cluster, const cluster::Node& node,
                    const NodeMemory& memory, cluster::SeenNode& seen);
  void look_at_hadoop(const cluster::Cluster& cluster, cluster::Seen& seen);
  // act.cc
  std::optional<base::Error> act_all(const cluster::Cluster& cluster, const cluster::Seen& seen,
                                     const std::vector<cluster::Action>& actions, Memory& memory);
  base::Status act(const cluster::Cluster& cluster, const cluster::Seen& seen,
                   const cluster::Action& action, Memory& memory);
  base::Status ensure_network(const cluster::Cluster& cluster, Memory& memory);
  base::Status tell_hadoop(const cluster::Cluster& cluster, Memory& memory);
  base::Status start_step(const cluster::Cluster& cluster, const cluster::Step& step,
                          Memory& memory);
  base::Status ship_step(const cluster::Cluster& cluster, const cluster::Step& step,
                         const cluster::Seen& seen, Memory& memory);
  // act_on_nodes.cc
  base::Status act_on_node(const cluster::Cluster& cluster, const cluster::Node& node,
                           const cluster::Action& action, NodeMemory& memory);
  base::Status ensure_node(const cluster::Cluster& cluster, const cluster::Node& node,
                           NodeMemory& memory);
  base::Status update_node(const cluster::Cluster& cluster, const cluster::Node& node,
                           NodeMemory& memory);
  base::Status reconfigure(const cluster::Cluster& cluster, const cluster::Node& node,
                           NodeMemory& memory);
  base::Status start_others(const cluster::Cluster& cluster, const cluster::Node& node,
                            NodeMemory& memory);
  base::Status start_bootstrap(const cluster::Cluster& cluster, const cluster::Node& node,
                               int number);
  void start_warm(const cluster::Cluster& cluster, const cluster::Node& node, int number,
                  NodeMemory& memory);
  base::Status end_warm(const cluster::Cluster& cluster, const cluster::Node& node, int number);
  base::Status run_shutdown_actions(const cluster::Cluster& cluster, const cluster::Node& node);
  base::Status ship_bootstrap(const cluster::Cluster& cluster, const cluster::Node& node,
                              NodeMemory& memory);
  base::Status ship_final(const cluster::Cluster& cluster, const cluster::Node& node,
                          NodeMemory& memory);
  static std::string view_of(const cluster::Cluster& cluster);

  World world_;
  Probes probes_;
  int parallel_ = 1;
  bool draining_ = false;
  std::mutex mutex_;
  std::map<cluster::Key, Memory> memories_;
};

}  // namespace howdah::control
