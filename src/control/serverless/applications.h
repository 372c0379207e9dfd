#pragma once

// One application of EMR Serverless with its job runs, brought one decision further: look at the
// world, plan(), commit, act. Level-triggered and idempotent: calling it again is always right,
// after a crash at any point too. Ownership: borrows everything in ServerlessWorld. Threads:
// concurrent calls for different keys. Failure: an error means "try again with backoff"; what fails
// a run becomes its state.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/jobs/host.h"
#include "control/jobs/loop.h"
#include "control/serverless/world.h"
#include "serverless/plan/plan.h"
#include "store/control/serverless_store.h"

namespace howdah::control {

struct ServerlessWorld {
  store::ServerlessStore& store;
  nodes::Provider& nodes;
  SparkEngines& engines;
  StandaloneClusters& clusters;
  WarmDrivers& warm;
  RunLogs& logs;
  Host& host;
  base::Clock& clock;
  int cpus = 1;  // of this host
};

class Applications final : public Reconciles {
 public:
  explicit Applications(ServerlessWorld world) : world_(std::move(world)) {}

  base::Result<std::optional<base::Millis>> reconcile(const job::Key& key) override;
  base::Result<std::vector<job::Key>> unfinished() override { return world_.store.unfinished(); }
  std::vector<job::Key> changed(base::Millis timeout, std::stop_token stop) override {
    return world_.store.changes().take(timeout, std::move(stop));
  }
  std::vector<job::Key> with_nodes() override;
  base::Status remove_unwanted() override;
  void ship_running(const job::Key& key) override;
  base::Status expire() override;

  /// Ends all nodes of runs for a shutdown: runs that ran end FAILED with that reason. Call when
  /// the loop has stopped; reconcile() starts nothing afterwards.
  base::Status drain();

 private:
  struct RunMemory {
    std::optional<serverless::SparkSettings> settings;
    std::string refused;
    serverless::Resources workers;
    int64_t worker_count = 0;
    std::string way;
    serverless::RunState state = serverless::RunState::kSubmitted;
    base::Millis in_state_since{0};
    bool offered = false;
    // What is known of one attempt goes with it.
    struct Attempt {
      int number = 0;
      int tries = 0;
      std::string node_error, start_error;
      bool shipped = false;
      int ship_tries = 0;
      std::string ship_error;
      std::string exceptions;
      bool causes_read = false;
      std::optional<base::Millis> running_since, signalled_since;
      std::string master;  // of its standalone cluster
      std::string master_ended;
      std::optional<int64_t> wanted;  // executors, when its driver last said so
      std::set<int> not_started;      // workers that could not be
    } attempt;
  };
  // Of an application; lost at a restart, which only repeats what may be repeated.
  struct Memory {
    std::map<std::string, RunMemory> runs;
    std::set<std::string> nodes;  // that it has, or had
    bool nodes_listed = false;
    std::optional<base::Millis> idle_since;
    std::optional<serverless::ApplicationState> state;
    base::Millis in_state_since{0};
    int64_t kept = 0;                 // pre-initialised drivers that were asked for
    std::set<std::string> long_ones;  // entry points whose last run was long
  };

  Memory& memory_of(const job::Key& key);
  void forget(const job::Key& key);
  // look.cc
  base::Result<serverless::Seen> look(const serverless::Application& application, Memory& memory);
  void look_at_capacity(const serverless::Application& application, Memory& memory,
                        serverless::Seen& seen);
  base::Result<serverless::SeenRun> look_at_run(const serverless::Application& application,
                                                const serverless::JobRun& run, RunMemory& memory);
  void look_at_process(const AttemptPlace& place, const nodes::NodeSeen& node, RunMemory& memory,
                       const std::string& process, serverless::SeenRun& out);
  void look_at_cluster(const AttemptPlace& place, const serverless::JobRun& run,
                       const nodes::NodeSeen& node, RunMemory& memory, serverless::SeenRun& out);
  void look_at_master(const AttemptPlace& place, const nodes::ProcessSeen& seen, RunMemory& memory);
  void offer(const serverless::Application& application, const serverless::JobRun& run,
             bool is_long, RunMemory& memory, serverless::Seen& seen);
  void learn(const serverless::JobRun& ended, Memory& memory);
  int running_runs();
  // act.cc
  base::Status act(const serverless::Application& application, const serverless::Action& action,
                   Memory& memory);
  base::Status ensure_node(const serverless::Application& application,
                           const serverless::JobRun& run, RunMemory& memory);
  base::Status start_run(const serverless::Application& application, const serverless::JobRun& run,
                         bool is_long, RunMemory& memory);
  base::Status start_daemon(const serverless::Application& application,
                            const serverless::JobRun& run, const serverless::Action& action,
                            RunMemory& memory);
  base::Status ship(const serverless::Application& application, const serverless::JobRun& run,
                    RunMemory& memory);

  ServerlessWorld world_;
  bool draining_ = false;
  std::mutex mutex_;
  std::map<job::Key, Memory> memories_;
  std::map<job::Key, int> running_;
};

}  // namespace howdah::control
