#pragma once

// What happens next to a cluster: a pure function of what is wanted, what is recorded, what was
// seen in the world, and the time. No clock, no I/O, no lock, no throw.
//
//   plan(cluster, seen, now) -> { next, ended steps, events, actions, look_again }
//
// The caller commits `next` and the events first and acts then. Every action is idempotent and
// named deterministically, and is planned again for as long as the world does not show its effect:
// a crash anywhere is repaired by calling plan() again.
//
// How long something has been going on comes in as a duration by steady time (…_for): a jump of
// the wall clock fires no deadline.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "cluster/transitions.h"
#include "job/process.h"

namespace howdah::cluster {

/// A supervised process in a node, as the provider sees it.
using job::Process;

/// A daemon of a node, under the node's own supervisor.
struct Daemon {
  enum class State { kDown, kStarting, kHealthy, kFailed };
  std::string unit;
  std::string application;
  bool essential = true;   // the node is RUNNING when all of these are healthy
  bool on_demand = false;  // its first use starts it
  State state = State::kDown;
  int exit_code = 0;
  int signal = 0;
  std::string last_lines;
  std::string log;
};

/// YARN's and HDFS's word about a node.
enum class Membership { kNone, kMember, kLost, kDecommissioning, kDecommissioned };

/// One node of the cluster, by its number.
struct SeenNode {
  bool exists = false;
  bool alive = false;
  bool watched = false;   // this server has seen it alive: when it is not, it ended by itself
  bool attached = false;  // the server's endpoint answers inside it
  std::string reason;     // why it is not alive
  std::string error;      // why making it failed for good; empty otherwise
  std::string public_address;
  std::map<std::string, Process> processes;

  bool bootstrap_logs_shipped = true;
  std::string bootstrap_log;  // where the stderr of its latest bootstrap action lies

  std::vector<Daemon> daemons;      // all that it is to have
  base::Millis starting_for{0};     // since its daemons were to start
  bool others_started = false;      // those that RUNNING does not wait for were told to
  int64_t configured_version = -1;  // the latest that was put in and its daemons restarted for
  std::string configure_error;      // of the latest attempt, for good
  base::Millis configuring_for{0};

  bool outdated = false;       // its files do not yet know of all the other nodes
  bool announced = false;      // YARN and HDFS were told that it belongs to the cluster
  bool told_to_leave = false;  // they were told so, lately
  Membership yarn = Membership::kNone;
  Membership hdfs = Membership::kNone;
  int containers = 0;
  std::string unhealthy;  // why YARN places nothing on it
  base::Millis leaving_for{0};
  bool shutdown_actions = false;  // there are scripts to run before it goes away
  bool final_logs_shipped = false;

  bool can_be_warm = false;  // a JVM can be made ready here before its job comes
  bool warm_waits = false;   // the latest one is ready, and nobody has taken it
};

/// What one look at the world gave.
struct Seen {
  struct Engine {
    enum class State { kMissing, kInstalling, kInstalled, kFailed };
    State state = State::kMissing;
    std::string
        text;  // kInstalling: "Downloading Spark 3.5.5, 140 of 317 MB"; kFailed: package and cause
  } engine;

  bool capacity = true;  // the host takes (or has taken) all on that is wanted of this cluster
  std::string capacity_reason;

  struct Network {
    std::string subnet;   // it was made
    std::string refused;  // this host has none to give: why, and what to allow
    bool exists = false;  // looked at while the cluster goes away
  } network;

  std::map<int, SeenNode> nodes;  // by number; of every node that is not over
  bool hadoop_known = false;      // the primary has answered for YARN and HDFS

  /// What a step's end needs beside its exit status, for steps whose process ended.
  struct StepEnd {
    bool logs_shipped = false;       // the last upload is done (or there is nowhere to upload to)
    std::string logs_error;          // the upload failed for good
    std::string exception;           // the last exception line of its stderr
    std::string log_file;            // FailureDetails.LogFile: exists
    std::string start_error;         // it could not be started at all: why
    std::string disk;                // of one that failed: that its node's disk is full
    bool applications_ended = true;  // of a cancelled step: nothing that it submitted runs on
  };
  std::map<std::string, StepEnd> step_ends;
  bool memory_for_step = true;  // admission: the host's free memory allows another step
  std::string memory_reason;
  bool memory_for_warm = false;  // there is room for a driver that nobody needs yet
  bool memory_short = false;     // what waits is to give its memory back

  base::Millis idle{0};  // how long the cluster has been idle
};

/// One short, idempotent thing to do in the world, after the commit.
struct Action {
  enum class Kind {
    kInstallEngine,
    kEnsureNetwork,
    kEnsureNode,          // node
    kAttach,              // node
    kStartBootstrap,      // node, number
    kStartServices,       // node, number: its life
    kStartOthers,         // node: daemons that RUNNING did not wait for
    kUpdateNode,          // node: files, hosts
    kReconfigure,         // node: new files, restarts
    kTellHadoop,          // who belongs to the cluster, and who leaves
    kStartStep,           // step_id
    kSignalStep,          // step_id, kill
    kEndApplications,     // step_id
    kShipStepLogs,        // step_id: the last upload of an ended step
    kShipBootstrapLogs,   // node: all that there are
    kRunShutdownActions,  // node
    kStartWarm,           // node, number
    kEndWarm,             // node, number: unless a job has taken it
    kShipFinalLogs,       // node: its own, before it goes away
    kRemoveNode,          // node
    kRemoveNetwork,
  };
  Kind kind;
  std::string step_id{};
  int number = 0;
  bool kill = false;
  int node = 0;
};

struct Plan {
  Cluster next;  // its steps include those that ended in this very plan
  std::vector<Event> events;
  std::vector<Action> actions;
  std::optional<base::Millis> look_again;  // nothing: only when something changes
};

/// How long things may take; AWS's own values.
struct Limits {
  base::Millis bootstrap_action = std::chrono::minutes(60);
  base::Millis daemons = std::chrono::minutes(10);  // from their start until all are healthy
  base::Millis shutdown_actions = std::chrono::seconds(70);  // each has 60 s of its own
  base::Millis decommission = std::chrono::hours(1);         // unless the group says otherwise
  int failures = 3;  // new instances in a row that fail before a group is given up
};

Plan plan(const Cluster& cluster, const Seen& seen, base::Time now, const Limits& limits = {});

/// How long an ended step waits for its logs before it ends without them.
inline constexpr base::Millis kLogGrace{10000};
/// Between the interrupt and the kill of a step that is being cancelled.
inline constexpr base::Millis kCancelGrace{10000};

}  // namespace howdah::cluster
