#pragma once

// A cluster as values: what is wanted (written by services), what is (written by control), its
// steps. Pure: no clock, no I/O. States and codes are AWS's own (EMR API reference, Cluster, Step,
// Instance, InstanceGroup). Legal moves are in transitions.h; what happens next is decided in
// plan/plan.h.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "job/launch.h"

namespace howdah::cluster {

enum class State {
  kStarting,
  kBootstrapping,
  kRunning,
  kWaiting,
  kTerminating,
  kTerminated,
  kTerminatedWithErrors
};
enum class StepState { kPending, kCancelPending, kRunning, kCompleted, kCancelled, kFailed };
enum class InstanceState { kProvisioning, kBootstrapping, kRunning, kTerminated };
enum class GroupState { kProvisioning, kBootstrapping, kRunning, kTerminating, kTerminated };
enum class OnFailure { kTerminateCluster, kCancelAndWait, kContinue };

const char* name_of(State state);  // "STARTING": the wire's spelling; so for the others
const char* name_of(StepState state);
const char* name_of(InstanceState state);
const char* name_of(GroupState state);
std::optional<State> state_of(std::string_view name);
std::optional<StepState> step_state_of(std::string_view name);

inline bool is_terminal(State s) {
  return s == State::kTerminated || s == State::kTerminatedWithErrors;
}
inline bool is_terminal(StepState s) {
  return s == StepState::kCompleted || s == StepState::kCancelled || s == StepState::kFailed;
}

struct Key {
  std::string account;  // "000000000000"
  std::string region;   // "us-east-1"
  std::string id;       // "j-" + 13 of A-Z0-9
  auto operator<=>(const Key&) const = default;
};

struct Reason {
  std::string code;  // ClusterStateChangeReasonCode; may be empty
  std::string message;
  bool operator==(const Reason&) const = default;
};

/// Our own detail of a failure: component, host, exit code, log path
/// (Cluster.Status.ErrorDetails[]).
struct ErrorDetail {
  std::string code;
  std::vector<std::pair<std::string, std::string>> data;
  std::string message;
  bool operator==(const ErrorDetail&) const = default;
};

struct Timeline {
  std::optional<base::Time> created, ready, ended;  // steps: created, started, ended
  bool operator==(const Timeline&) const = default;
};

struct BootstrapAction {
  std::string name;
  std::string path;
  std::vector<std::string> args;
};

/// Written by services only. `request` is RunJobFlow's input as it was received.
struct Wanted {
  std::string name;
  std::string release_label;
  std::string log_uri;
  std::string instance_type;  // of the primary node
  std::string group_id;       // "ig-…" of the primary group
  std::string job_flow_role;  // instance profile
  std::vector<std::string> applications;
  std::vector<BootstrapAction> bootstrap_actions;
  base::JsonArray configurations;
  bool keep_alive = false;  // KeepJobFlowAliveWhenNoSteps
  bool termination_protected = false;
  bool visible_to_all_users = true;
  std::optional<bool> unhealthy_node_replacement;  // echoed; without effect yet
  int step_concurrency = 1;                        // 1 to 256
  std::optional<int64_t> idle_timeout_seconds;     // AutoTerminationPolicy, 60 to 604800
  std::string terminate;  // the intent: who or what asked ("" = nobody), see kTerminate…
  std::vector<std::pair<std::string, std::string>> tags;
};

/// Written by control only.
struct Status {
  State state = State::kStarting;
  Reason reason;
  Timeline timeline;
  std::vector<ErrorDetail> errors;  // at most 10
  bool admitted = false;            // the host has taken it on: it counts against its capacity
  bool node_wanted = false;         // committed before the node is made
  int bootstrap_done = 0;           // actions that ended with 0
  InstanceState instance = InstanceState::kProvisioning;
  Timeline instance_timeline;
  StepState last_step =
      StepState::kPending;  // how the latest step to end ended; kPending: none yet
  bool any_step_failed = false;
  bool operator==(const Status&) const = default;
};

enum class Cancel { kNo, kInterrupt, kKill };  // SEND_INTERRUPT, TERMINATE_PROCESS

struct Step {
  std::string id;  // "s-" + 13 of A-Z0-9
  int64_t sequence = 0;
  // wanted
  std::string name;
  OnFailure on_failure = OnFailure::kTerminateCluster;
  job::JarStep jar;
  std::string log_uri;         // its own, or empty
  std::string execution_role;  // ARN, or empty
  Cancel cancel = Cancel::kNo;
  // is
  StepState state = StepState::kPending;
  Timeline timeline;
  std::string reason;          // StateChangeReason.Message
  std::string failure_reason;  // FailureDetails
  std::string failure_message;
  std::string failure_log;
  bool signalled = false;  // the interrupt was sent
  std::optional<base::Time> cancel_at;
};

struct Cluster {
  Key key;
  Wanted wanted;
  Status status;
  std::vector<Step> steps;  // those that have not ended, in submission order
};

/// Deterministic: the same cluster always has the same primary instance.
std::string instance_id(const Cluster& cluster);          // "i-" + 17 hexadecimal digits
std::string cluster_instance_id(const Cluster& cluster);  // "ci-" + 13
std::string node_id(const Cluster& cluster);              // "j-…/i-…"
std::string private_ip(
    const Cluster& cluster);  // "10.…", for names only: the node shares the host's network
std::string private_dns(
    const Cluster& cluster);  // "ip-10-….ec2.internal" (us-east-1) or ".<region>.compute.internal"
std::string public_dns(const Cluster& cluster);  // what clients connect to
std::string cluster_arn(const Key& key);

std::string process_of_step(const Step& step);
std::string process_of_bootstrap(int number);  // from 1

// How values are kept in the store.
base::JsonObject to_json(const Wanted& wanted);
base::JsonObject to_json(const Status& status);
base::JsonObject wanted_of(const Step& step);
base::JsonObject status_of(const Step& step);
Wanted wanted_from(const base::JsonObject& json);
Status status_from(const base::JsonObject& json);
Step step_from(const base::JsonObject& wanted, const base::JsonObject& status);

}  // namespace howdah::cluster
