#pragma once

// Every minute: what clusters do, as CloudWatch metrics. Only what was measured is published; a
// daemon that does not answer leaves its metrics out. Keeps telemetry's retention too.
// Ownership: borrows store, telemetry and clock. Threads: one of its own, between start() and
// stop(); measure() may be called without it. Failure: logged, and tried again in a minute.
//
// Meters of other kinds are added with add(): a function that publishes through
// telemetry::Telemetry and is called once a minute.

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "control/meters/hadoop_numbers.h"
#include "store/control/control_store.h"
#include "telemetry/telemetry.h"

namespace howdah::control {

class Meters {
 public:
  struct Options {
    store::ControlStore& store;
    telemetry::Telemetry& telemetry;
    base::Clock& clock;
    /// Does the cluster run Hadoop's daemons?
    std::function<bool(const cluster::Cluster&)> has_hadoop;
    /// The body of a GET at a port of the primary node; takes a second at most.
    std::function<base::Result<std::string>(const cluster::Cluster&, uint16_t port,
                                            const std::string& target)>
        ask;
  };
  explicit Meters(Options options) : o_(std::move(options)) {}
  ~Meters() { stop(); }

  /// Before start().
  void add(std::function<base::Status(base::Time now)> meter) { more_.push_back(std::move(meter)); }
  void start();
  void stop();

  /// One round: every cluster that is RUNNING or WAITING, and the meters that were added.
  void measure();

 private:
  base::Status measure(const cluster::Cluster& cluster, base::Time now);

  Options o_;
  std::vector<std::function<base::Status(base::Time now)>> more_;
  std::jthread thread_;
};

/// What a cluster's own rows say: nodes by role, and whether steps are under way. `hadoop` is what
/// YARN says, empty when it runs none; nullptr: it runs and does not answer, so that nobody knows
/// whether the cluster is idle.
std::vector<Measured> measure_rows(const cluster::Cluster& cluster,
                                   const std::vector<Measured>* hadoop);

}  // namespace howdah::control
