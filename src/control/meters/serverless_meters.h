#pragma once

// Every minute: what applications and job runs of EMR Serverless hold and do, as the metrics of
// AWS/EMRServerless. Only what is known is published: what workers of local runs really used is not
// measured apart, so the …Used metrics are left out.
// Source: EMR Serverless User Guide, "Monitoring EMR Serverless applications and jobs" (names,
// dimensions). Ownership: borrows store and telemetry. Threads: one caller at a time.

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "serverless/serverless.h"
#include "store/control/serverless_store.h"
#include "telemetry/telemetry.h"

namespace howdah::control {

/// How many runs of an application came into a state since the last round.
using Moves = std::map<serverless::RunState, int>;

/// Pure: the points of one application and of its runs that have workers.
std::vector<telemetry::MetricPoint> measure_application(const serverless::Application& application,
                                                        const Moves& moves, base::Time now);

class ServerlessMeters {
 public:
  ServerlessMeters(store::ServerlessStore& store, telemetry::Telemetry& telemetry)
      : store_(store), telemetry_(telemetry) {}
  /// One round over all applications that are not TERMINATED.
  base::Status measure(base::Time now);

 private:
  store::ServerlessStore& store_;
  telemetry::Telemetry& telemetry_;
  std::map<serverless::Key, int64_t> seen_;  // the last event that was counted
};

}  // namespace howdah::control
