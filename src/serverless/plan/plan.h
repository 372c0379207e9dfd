#pragma once

// What happens next to an application and its job runs: a pure function of what is wanted, what is
// recorded, what was seen in the world, and the time. No clock, no I/O, no lock, no throw.
//
//   plan(application, seen, now) -> { next, ended runs, events, actions, look_again }
//
// The caller commits `next` and the events first and acts then. Every action is idempotent and
// named deterministically, and is planned again for as long as the world does not show its effect:
// a crash anywhere is repaired by calling plan() again. A run is one job: its attempts are retried
// only by its own retry policy, each in a node of its own.
//
// How long something has been going on comes in as a duration by steady time (…_for): a jump of the
// wall clock fires no deadline.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "job/process.h"
#include "serverless/serverless.h"
#include "serverless/transitions.h"

namespace howdah::serverless {

/// What was seen of one run that has not ended.
struct SeenRun {
  // What its settings come to.
  std::string refused;  // they cannot be run: why
  Resources workers;    // of all its workers together
  int64_t worker_count = 0;
  std::string way;   // "local[2]", kStandalone
  Resources driver;  // standalone: of the driver alone, and of each executor
  Resources executor;
  int64_t executors_most = 0;  // that this host can hold

  // Of one attempt: the current one, unless this very plan() begins the next.
  int attempt = 1;
  bool node_exists = false;
  bool node_alive = false;
  std::string node_error;  // making it failed for good
  job::Process process;
  std::string start_error;  // it could not be started at all
  bool logs_shipped = false;
  std::string logs_error;         // the upload failed for good
  std::string last_exceptions;    // of a process that ended: what its logs say
  base::Millis in_state_for{0};   // since this server saw it in its state
  base::Millis signalled_for{0};  // since its process was asked to end

  // Of its standalone cluster, if it has one.
  std::string master_ended;  // it did: how, and where its log is
  std::string master;        // "spark://127.0.0.1:40123"; empty: it does not listen yet
  int64_t executors_wanted =
      0;  // at its start those of its settings, then what its driver asks for
  std::map<int, job::Process::State> workers_seen;  // its worker processes, by number
  std::set<int> idle;                               // those on which no executor runs
};

struct Seen {
  struct Engine {
    enum class State { kMissing, kInstalling, kInstalled, kFailed };
    State state = State::kMissing;
    std::string text;  // kInstalling: how far; kFailed: package and cause
  } engine;

  std::map<std::string, SeenRun> runs;  // by run id
  /// Ready and nobody's: nodes with a warm driver that are offered to this application, each with
  /// the run that it suits.
  std::map<std::string, std::string> warm;  // run id -> node
  /// Nodes of this application in the world, wanted or not; without those in `warm` and those that
  /// are kept ready.
  std::vector<std::string> nodes;
  int64_t ready = 0;         // of its pre-initialised capacity
  int64_t ready_wanted = 0;  // that this host keeps
  bool memory = true;        // the host has room for one more run
  std::string memory_reason;
  base::Millis idle{0};          // how long nothing has run
  base::Millis in_state_for{0};  // the application
};

/// One short, idempotent thing to do in the world, after the commit.
struct Action {
  enum class Kind {
    kInstallEngine,
    kEnsureNode,   // run
    kStartMaster,  // run
    kStartWorker,  // run, executor
    kStopWorker,   // run, executor
    kStartRun,     // run
    kSignalRun,    // run, kill
    kShipLogs,     // run: the last upload of the current attempt
    kRemoveNode,   // node
  };
  Kind kind;
  std::string run{};
  std::string node{};
  bool kill = false;
  int executor = 0;  // the number of its worker
};

struct Plan {
  Application next;  // its runs include those that ended in this very plan
  std::vector<Event> events;
  std::vector<Action> actions;
  std::optional<base::Millis> look_again;  // nothing: only when something changes
};

Plan plan(const Application& application, const Seen& seen, base::Time now);

/// What all workers of the application's scheduled and running runs hold together.
Resources held(const Application& application);

/// How long an ended attempt waits for its logs before it ends without them.
inline constexpr base::Millis kLogGrace{10000};
/// Between the signal and the kill of a cancelled run, unless CancelJobRun gave it longer.
inline constexpr base::Millis kCancelGrace{10000};
/// Between an executor's worker that ended by itself and the next new one.
inline constexpr base::Millis kWorkerPause{5000};
/// A worker that ended by itself before was of no use; so many of them in a row, and the attempt
/// fails: as many as Spark gives to executors (spark.deploy.maxExecutorRetries).
inline constexpr base::Millis kEarly{60'000};
inline constexpr int kMostEarlyEnds = 10;
/// How often a standalone run's driver is asked how many executors it wants.
inline constexpr base::Millis kAskDriver{1000};
/// How long STARTING waits for pre-initialised capacity; jobs run without it, only later.
inline constexpr base::Millis kWarmUp{90000};

}  // namespace howdah::serverless
