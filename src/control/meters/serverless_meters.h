#pragma once

// Every minute: what applications and job runs of EMR Serverless hold and do, as the metrics of
// AWS/EMRServerless. Only what is known is published.
// Source: EMR Serverless User Guide, "Monitoring EMR Serverless applications and jobs" (names,
// dimensions). Ownership: borrows store, telemetry and nodes. Threads: one caller at a time.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "nodes/provider.h"
#include "serverless/serverless.h"
#include "store/control/serverless_store.h"
#include "telemetry/telemetry.h"

namespace howdah::control {

/// How many runs of an application came into a state since the last round.
using Moves = std::map<serverless::RunState, int>;

/// What the processes of a run used since the last round, and have now.
struct RunUse {
  double memory_gb = 0;
  std::optional<double> disk_gb = std::nullopt;  // of its node's /mnt
  /// Unknown in the first round that sees it.
  struct Since {
    double vcpu = 0;
    double read_bytes = 0;
    double written_bytes = 0;
  };
  std::optional<Since> since;
};
using RunUses = std::map<std::string, RunUse>;  // by run

/// Of what a node used then and uses now; its count may have begun again in between.
RunUse use_between(const std::optional<nodes::NodeUsage>& before, const nodes::NodeUsage& now,
                   base::Millis apart);

/// Pure: the points of one application and of its runs that have workers.
std::vector<telemetry::MetricPoint> measure_application(const serverless::Application& application,
                                                        const Moves& moves, const RunUses& uses,
                                                        const serverless::Standby& standby,
                                                        base::Time now);

class ServerlessMeters {
 public:
  using AskStandby = std::function<serverless::Standby(const serverless::Key&)>;
  ServerlessMeters(store::ServerlessStore& store, telemetry::Telemetry& telemetry,
                   nodes::Provider& nodes, const base::Clock& clock, AskStandby standby)
      : store_(store),
        telemetry_(telemetry),
        nodes_(nodes),
        clock_(clock),
        standby_(std::move(standby)) {}
  /// One round over all applications that are not TERMINATED.
  base::Status measure(base::Time now);

 private:
  using Usage = std::map<std::string, nodes::NodeUsage>;  // by node
  RunUses uses_of(const serverless::Application& application, const Usage& now, base::Millis apart);

  store::ServerlessStore& store_;
  telemetry::Telemetry& telemetry_;
  nodes::Provider& nodes_;
  const base::Clock& clock_;
  const AskStandby standby_;
  Usage before_;
  base::Millis before_at_{0};
  std::set<std::string> counted_;            // runs that were RUNNING then
  std::map<serverless::Key, int64_t> seen_;  // the last event that was counted
};

}  // namespace howdah::control
