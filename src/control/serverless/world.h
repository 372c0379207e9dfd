#pragma once

// The world as applications' control needs it, so that a simulation can stand in for it: the
// engines of a release, the nodes that runs get, warm drivers, where logs go. Threads:
// implementations allow concurrent calls. Time: everything returns within a second.

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "control/jobs/installations.h"
#include "nodes/provider.h"
#include "serverless/serverless.h"
#include "serverless/spark_settings.h"

namespace howdah::control {

/// Where one attempt of a run is found: for logs and processes.
struct AttemptPlace {
  serverless::Key application;
  std::string run;
  int attempt = 1;
  std::string node;
};

/// Of the run's current attempt.
AttemptPlace place_of(const serverless::Application& application, const serverless::JobRun& run);

/// A node and a process that make one attempt of a run.
struct RunSetup {
  nodes::NodeSpec node;  // without its id
  nodes::ProcessSpec process;
  std::string properties_path;  // inside the node: written before the process starts
  std::string properties;
};

/// The name of a warm driver in the node that is made for it.
inline constexpr const char* kWarmDriver = "driver";

/// Which warm drivers are alike.
struct WarmKey {
  std::string release_label;
  std::string heap;  // spark.driver.memory, lower case
  auto operator<=>(const WarmKey&) const = default;
};

/// The engines of release labels, and what they need to run a job.
class SparkEngines {
 public:
  virtual ~SparkEngines() = default;
  virtual InstallationSeen look(const std::string& release_label) = 0;
  virtual base::Status install(const std::string& release_label) = 0;
  virtual base::Result<RunSetup> setup(const serverless::Application& application,
                                       const serverless::JobRun& run,
                                       const serverless::SparkSettings& settings) = 0;
  /// Of a standalone run, in its node: the master of its cluster; and the worker of one executor,
  /// which joins `run.status.way`, the master's address.
  virtual base::Result<RunSetup> master_setup(const serverless::Application& application,
                                              const serverless::JobRun& run) = 0;
  virtual base::Result<RunSetup> worker_setup(const serverless::Application& application,
                                              const serverless::JobRun& run,
                                              const serverless::SparkSettings& settings,
                                              int number) = 0;
  /// A node with a warm driver in it: any run with this key can be started there.
  virtual base::Result<RunSetup> warm_setup(const WarmKey& key) = 0;
  /// A node with Spark's history server at `port` of the host's loopback, over the event logs in
  /// that folder of this host.
  virtual base::Result<RunSetup> history_setup(const std::string& release_label,
                                               const std::filesystem::path& logs,
                                               uint16_t port) = 0;
};

/// nullopt: the run cannot use one; `why` says what it asks for that no driver has that was started
/// before. Pure.
std::optional<WarmKey> warm_key_of(const serverless::WantedRun& run,
                                   const serverless::SparkSettings& settings, std::string* why);

/// Drivers that are ready before a run comes.
class WarmDrivers {
 public:
  virtual ~WarmDrivers() = default;
  /// The node of a ready driver for this run, kept for it until release(); the same for the same
  /// run. nullopt: none is ready. Either way more of its kind will be.
  virtual std::optional<std::string> take(const WarmKey& key, const std::string& run) = 0;
  /// Of those that were taken and not used.
  virtual void release(const std::string& run) = 0;
  /// The run was committed to the node: it is no longer the pool's.
  virtual void hand_over(const std::string& node) = 0;
  /// Pre-initialised capacity of an application: so many of one kind; 0: none any more.
  virtual void keep(const serverless::Key& application, const WarmKey& key, int count) = 0;
  /// Of what keep() asked for: ready now.
  virtual int ready(const serverless::Key& application) = 0;
};

/// What the Spark cluster of a standalone run says of itself.
class StandaloneClusters {
 public:
  virtual ~StandaloneClusters() = default;
  struct Seen {
    std::optional<int64_t> wanted;  // executors that its driver asks for; nullopt: it does not say
    std::set<int> idle;             // workers that have joined and run no executor
  };
  /// "spark://127.0.0.1:40123"; empty: it does not listen yet.
  virtual std::string master(const AttemptPlace& place) = 0;
  /// What it said last; it is asked again aside. `ui_port`: the driver's, 0 when it has none.
  virtual Seen ask(const AttemptPlace& place, uint16_t ui_port) = 0;
};

/// What an application's runs write, and where it goes.
class RunLogs {
 public:
  virtual ~RunLogs() = default;
  /// Sends what has grown; `last`: the attempt is over. The places of the run's monitoring
  /// configuration, the application's where it says nothing.
  virtual base::Status ship(const serverless::Application& application,
                            const serverless::JobRun& run, const AttemptPlace& place,
                            bool last) = 0;
  /// What is kept for 30 days goes.
  virtual base::Status forget(const serverless::Key& application, const std::string& run) = 0;
};

/// Where an attempt's files lie inside its node.
std::string run_log_folder(const std::string& run, int attempt);
/// The log of its standalone master there, and of the worker with that number.
std::string master_log(const std::string& run, int attempt);
std::string worker_log(const std::string& run, int attempt, int number);

}  // namespace howdah::control
