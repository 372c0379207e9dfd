#pragma once

// What happens next to a cluster: a pure function of what is wanted, what is recorded, what was
// seen in the world, and the time. No clock, no I/O, no lock, no throw.
//
//   plan(cluster, seen, now) -> { next, ended steps, events, actions, look_again }
//
// The caller commits `next` and the events first and acts then. Every action is idempotent and
// named deterministically, and is planned again for as long as the world does not show its effect:
// a crash anywhere is repaired by calling plan() again.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "cluster/transitions.h"

namespace howdah::cluster {

/// A supervised process in the node, as the provider sees it.
struct Process {
  enum class State { kUnknown, kRunning, kExited, kLost };
  State state = State::kUnknown;
  int exit_code = 0;
  int signal = 0;
  bool out_of_memory = false;
  std::string lost_reason;
  std::optional<base::Time> ended;
};

/// What one look at the world gave.
struct Seen {
  struct Engine {
    enum class State { kMissing, kInstalling, kInstalled, kFailed };
    State state = State::kMissing;
    std::string
        text;  // kInstalling: "Downloading Spark 3.5.5, 140 of 317 MB"; kFailed: package and cause
  } engine;

  bool capacity = true;  // the host takes (or has taken) this cluster on
  std::string capacity_reason;

  bool node_exists = false;
  bool node_alive = false;
  std::string node_error;   // why making the node failed for good; empty otherwise
  std::string node_reason;  // why it is not alive

  std::map<std::string, Process> processes;

  /// What a step's end needs beside its exit status, for steps whose process ended.
  struct StepEnd {
    bool logs_shipped = false;  // the last upload is done (or there is nowhere to upload to)
    std::string logs_error;     // the upload failed for good
    std::string exception;      // the last exception line of its stderr
    std::string log_file;       // FailureDetails.LogFile: exists
    std::string start_error;    // it could not be started at all: why
  };
  std::map<std::string, StepEnd> step_ends;
  bool memory_for_step = true;  // admission: the host's free memory allows another step
  std::string memory_reason;

  bool bootstrap_logs_shipped = true;
  std::string bootstrap_log;  // where the failed action's stderr lies

  base::Millis idle{0};  // how long the cluster has been idle, by steady time
  bool final_logs_shipped = false;
};

/// One short, idempotent thing to do in the world, after the commit.
struct Action {
  enum class Kind {
    kInstallEngine,
    kEnsureNode,
    kStartBootstrap,     // number
    kStartStep,          // step_id
    kSignalStep,         // step_id, kill
    kShipStepLogs,       // step_id: the last upload of an ended step
    kShipBootstrapLogs,  // all that there are
    kShipFinalLogs,      // the node's own, before it goes away
    kRemoveNode,
  };
  Kind kind;
  std::string step_id{};
  int number = 0;
  bool kill = false;
};

struct Plan {
  Cluster next;  // its steps include those that ended in this very plan
  std::vector<Event> events;
  std::vector<Action> actions;
  std::optional<base::Millis> look_again;  // nothing: only when something changes
};

Plan plan(const Cluster& cluster, const Seen& seen, base::Time now);

/// How long an ended step waits for its logs before it ends without them.
inline constexpr base::Millis kLogGrace{10000};
/// Between the interrupt and the kill of a step that is being cancelled.
inline constexpr base::Millis kCancelGrace{10000};

// One function a phase, each in its own file; called by plan() for the state it is named after.
namespace phase {
void provision(Plan& plan, const Seen& seen, base::Time now);
void bootstrap(Plan& plan, const Seen& seen, base::Time now);
void run_steps(Plan& plan, const Seen& seen, base::Time now);
void wind_down(Plan& plan, const Seen& seen, base::Time now);

/// Enters TERMINATING: pending steps are cancelled.
void begin_termination(Plan& plan, Reason reason, base::Time now);
/// Looks at running steps' processes and moves those that ended; used while running and winding
/// down.
void settle_steps(Plan& plan, const Seen& seen, base::Time now);
}  // namespace phase

}  // namespace howdah::cluster
