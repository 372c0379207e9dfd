#pragma once

// GET /metrics in Prometheus' text format: the newest value of every metric that telemetry holds
// (AWS/EMRServerless CPUAllocated is aws_emrserverless_cpu_allocated, dimensions are labels), and
// the server's own: requests, their latency, turns of the control loops, clusters by state.
// Ownership: borrows the stores and the clock, owns the counters. Threads: concurrent calls
// allowed. Failure: what cannot be read is left out, and the log says so.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "store/control/control_store.h"
#include "telemetry/telemetry.h"

namespace howdah::gateways {

class Prometheus {
 public:
  struct Options {
    const telemetry::Telemetry& telemetry;
    store::ControlStore& store;
    const base::Clock& clock;
    std::string version;
    /// How often each control loop has reconciled a key so far, by the loop's name.
    std::function<std::vector<std::pair<std::string, uint64_t>>()> reconciliations = {};
  };
  explicit Prometheus(Options options);
  ~Prometheus();

  /// An unsigned GET of /metrics. A signed one is S3's, for a bucket of that name.
  static bool owns(const http::Request& request);
  /// Answers peers on this host; others get 403.
  http::Response answer(const http::Request& request);

  /// One request was answered. Names that are not the models' must not come in here: each is kept.
  void count(std::string_view service, std::string_view operation, int status,
             base::Millis duration);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "CPUAllocated" -> "cpu_allocated", "YARNMemoryAvailablePercentage" ->
/// "yarn_memory_available_percentage"; what Prometheus does not allow becomes '_'.
std::string prometheus_name(std::string_view name);
/// "AWS/EMRServerless", "CPUAllocated" -> "aws_emrserverless_cpu_allocated".
std::string prometheus_name(std::string_view space, std::string_view name);

}  // namespace howdah::gateways
