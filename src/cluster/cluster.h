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
#include "job/key.h"
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
enum class InstanceState {
  kAwaitingFulfillment,
  kProvisioning,
  kBootstrapping,
  kRunning,
  kTerminated
};
/// Of an instance group (InstanceGroupState); fleets use those that InstanceFleetState has.
enum class GroupState {
  kProvisioning,
  kBootstrapping,
  kRunning,
  kReconfiguring,
  kResizing,
  kSuspended,
  kTerminating,
  kTerminated,
  kArrested,
  kShuttingDown,
  kEnded
};
enum class Role { kMaster, kCore, kTask };
enum class OnFailure { kTerminateCluster, kCancelAndWait, kContinue };

const char* name_of(State state);  // "STARTING": the wire's spelling; so for the others
const char* name_of(StepState state);
const char* name_of(InstanceState state);
const char* name_of(GroupState state);
const char* name_of(Role role);  // "MASTER"
std::optional<GroupState> group_state_of(std::string_view name);
std::optional<InstanceState> instance_state_of(std::string_view name);
std::optional<Role> role_of(std::string_view name);
std::optional<State> state_of(std::string_view name);
std::optional<StepState> step_state_of(std::string_view name);

inline bool is_terminal(State s) {
  return s == State::kTerminated || s == State::kTerminatedWithErrors;
}
inline bool is_terminal(StepState s) {
  return s == StepState::kCompleted || s == StepState::kCancelled || s == StepState::kFailed;
}

using job::Key;

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

/// An instance group or an instance fleet as it is wanted. Written by services only.
struct Group {
  std::string id;  // "ig-" or "if-" + 13
  Role role = Role::kMaster;
  bool fleet = false;
  std::string name;
  std::string instance_type;  // of instances made from now on
  int count = 1;              // instances wanted; of a fleet: what its target capacities come to
  base::JsonObject request;   // InstanceGroupConfig or InstanceFleetConfig, as received
  base::JsonArray configurations;        // what it has beside the cluster's; later entries win
  int64_t configurations_version = 0;    // 1 with the first that is given
  std::vector<std::string> leave_first;  // EC2InstanceIdsToTerminate of the last resize
  std::optional<int64_t> decommission_seconds;  // ShrinkPolicy.DecommissionTimeout
  std::vector<uint64_t> volumes_gib;            // of each instance, from EbsConfiguration
  int64_t resize_serial = 0;  // counted up with every ModifyInstanceGroups that names it
};

/// Written by services only. `request` is RunJobFlow's input as it was received.
struct Wanted {
  std::string name;
  std::string release_label;
  std::string log_uri;
  std::string job_flow_role;  // instance profile
  std::vector<std::string> applications;
  std::vector<BootstrapAction> bootstrap_actions;
  base::JsonArray configurations;
  std::vector<Group> groups;  // the MASTER one first
  bool keep_alive = false;    // KeepJobFlowAliveWhenNoSteps
  bool termination_protected = false;
  bool visible_to_all_users = true;
  std::optional<bool> unhealthy_node_replacement;  // echoed; without effect yet
  int step_concurrency = 1;                        // 1 to 256
  std::optional<int64_t> idle_timeout_seconds;     // AutoTerminationPolicy, 60 to 604800
  std::string terminate;  // the intent: who or what asked ("" = nobody), see kTerminate…
  std::vector<std::pair<std::string, std::string>> tags;
};

/// One instance. Written by control only.
struct Node {
  int number = 0;  // of the cluster's instances, in the order they were wanted; never again
  std::string instance_id;  // instance_id(cluster, number)
  std::string group_id;
  std::string instance_type;
  std::string address;         // inside the cluster's network; empty: the host's
  std::string public_address;  // at which this host reaches it; empty: not known yet
  InstanceState state = InstanceState::kProvisioning;
  Reason reason;  // InstanceStateChangeReason: "INSTANCE_FAILURE", "CLUSTER_TERMINATED", …
  Timeline timeline;
  int bootstrap_done = 0;              // actions that ended with 0
  int64_t configurations_version = 0;  // that its files were made from and its daemons run with
  int64_t applying = -1;               // the version that it is being changed to; -1: none
  std::optional<base::Time> leaving;   // it is being decommissioned, or just removed, since
  bool lost = false;                   // ended by itself; to be replaced
  bool returning = false;              // all nodes were gone at once: it is being made again
  bool announced = false;              // YARN and HDFS may let it in
  bool others_started = false;         // daemons that RUNNING does not wait for
  std::vector<std::string> failed;     // daemons given up on that an event has told of
  bool operator==(const Node&) const = default;
};

/// Written by control only.
struct GroupStatus {
  std::string id;
  GroupState state = GroupState::kProvisioning;
  Reason reason;  // InstanceGroupStateChangeReasonCode
  Timeline timeline;
  int64_t applied_version = 0;  // of its configurations: the last that every instance took
  base::JsonArray applied_configurations;
  int64_t failed_version = 0;          // of its configurations: given up on, the applied ones stand
  std::optional<base::Time> changing;  // resized or reconfigured since
  int target = 0;                      // instances that the resize it is in leads to
  int failures = 0;                    // new instances in a row that did not come up
  int64_t arrested_at = -1;            // resize_serial when it was given up; -1: it was not
  bool operator==(const GroupStatus&) const = default;
};

/// The warm driver of a primary-only cluster: a JVM that waits in its node for the next
/// spark-submit (job/warm_driver.h). Written by control only.
struct Warm {
  bool wanted = false;  // a step that could have used one began since the latest was made
  std::string heap;     // that the last such step asked for; empty: the node's own default
  int number = 0;       // of the latest driver; 0: there was none
  std::string has;      // its heap
  int64_t version = 0;  // of the configurations that it was made with
  bool ended = false;   // it was told to go
  bool operator==(const Warm&) const = default;
};

/// Written by control only.
struct Status {
  State state = State::kStarting;
  Reason reason;
  Timeline timeline;
  std::vector<ErrorDetail> errors;  // at most 10
  bool admitted = false;            // the host has taken it on: it counts against its capacity
  StepState last_step =
      StepState::kPending;  // how the latest step to end ended; kPending: none yet
  bool any_step_failed = false;
  std::string network;              // its subnet, "10.64.12.0/22"; empty: the host's network
  bool network_chosen = false;      // `network` is decided, also when it is the host's
  int replication = 0;              // HDFS's own default for this cluster; 0: not decided yet
  int next_number = 0;              // of the next instance
  std::vector<Node> nodes;          // by number; terminated ones stay, the oldest go beyond 1,000
  std::vector<GroupStatus> groups;  // in the order of wanted.groups
  Warm warm;
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

const Group* group_of(const Wanted& wanted, std::string_view group_id);  // nullptr: none
const GroupStatus* group_status_of(const Status& status, std::string_view group_id);
const Node* primary_of(const Cluster& cluster);  // the MASTER group's newest; nullptr: none yet
Role role_of(const Cluster& cluster, const Node& node);  // its group's
/// The version of a group's configurations that its instances are to have: what is wanted, or the
/// applied one after that has failed.
int64_t version_of(const Cluster& cluster, const Group& group);
/// What its instances' files are made from: the cluster's configurations, then the group's.
base::JsonArray configurations_of(const Cluster& cluster, std::string_view group_id);
/// How many copies HDFS keeps: dfs.replication of the cluster's hdfs-site, else EMR's default by
/// the number of core nodes that it began with: 1 below four, 2 below ten, 3 (Release Guide, "HDFS
/// configuration"). Fewer core nodes than that must not remain.
int replication_of(const Cluster& cluster);
/// Nodes of a group that are there to stay: neither over, nor leaving, nor lost.
std::vector<const Node*> members_of(const Cluster& cluster, std::string_view group_id);
inline bool is_over(const Node& node) { return node.state == InstanceState::kTerminated; }

/// Deterministic: the n-th instance of a cluster always has the same ids.
std::string instance_id(const Cluster& cluster, int number);
std::string cluster_instance_id(const Cluster& cluster, int number);
std::string node_id(const Cluster& cluster, int number);
/// The address of instance `number` in `subnet`, beginning at its tenth; nullopt when it is full.
std::optional<std::string> address_in(std::string_view subnet, int number);
/// "ip-10-64-12-10.ec2.internal" (us-east-1), "ip-….<region>.compute.internal" elsewhere.
std::string private_dns(const Key& key, std::string_view address);
/// The instance's address and hostname; a stand-in for one that shares the host's network.
std::string private_ip(const Cluster& cluster, const Node& node);
std::string private_dns(const Cluster& cluster, const Node& node);

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
/// The supervisor of a node's daemons: "services", and after its node was made again "services-2" …
std::string process_of_services(int life);    // from 1
std::string process_of_warm(int number);      // from 1: "warm-1"
std::string process_of_warm_end(int number);  // what ends it: "warm-1-end"
inline constexpr const char* kShutdownActions = "shutdown-actions";

// How values are kept in the store.
base::JsonObject to_json(const Wanted& wanted);
base::JsonObject to_json(const Status& status);
base::JsonObject wanted_of(const Step& step);
base::JsonObject status_of(const Step& step);
Wanted wanted_from(const base::JsonObject& json);
Status status_from(const base::JsonObject& json);
Step step_from(const base::JsonObject& wanted, const base::JsonObject& status);

}  // namespace howdah::cluster
