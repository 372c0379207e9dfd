#pragma once

// EMR Serverless as values: applications and their job runs, what is wanted (written by services)
// and what is (written by control). Pure: no clock, no I/O. States are AWS's own (EMR Serverless
// API reference, ApplicationState and JobRunState; User Guide, "Job run states"). Legal moves are
// in transitions.h; what happens next is decided in plan/plan.h; what a run's Spark settings come
// to in spark_settings.h.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "job/key.h"

namespace howdah::serverless {

using job::Key;

enum class ApplicationState {
  kCreating,
  kCreated,
  kStarting,
  kStarted,
  kStopping,
  kStopped,
  kTerminated
};
enum class RunState {
  kSubmitted,
  kPending,
  kScheduled,
  kRunning,
  kSuccess,
  kFailed,
  kCancelling,
  kCancelled,
  kQueued
};

const char* name_of(ApplicationState state);  // "CREATING": the wire's spelling; so for the other
const char* name_of(RunState state);
std::optional<ApplicationState> application_state_of(std::string_view name);
std::optional<RunState> run_state_of(std::string_view name);

inline bool is_terminal(RunState s) {
  return s == RunState::kSuccess || s == RunState::kFailed || s == RunState::kCancelled;
}

/// It waits for its turn.
inline bool is_waiting(RunState s) {
  return s == RunState::kSubmitted || s == RunState::kQueued || s == RunState::kPending;
}
/// It was scheduled and has not ended: it holds its workers.
inline bool is_active(RunState s) {
  return s == RunState::kScheduled || s == RunState::kRunning || s == RunState::kCancelling;
}

/// What one worker has, or several together; also a limit.
struct Resources {
  double vcpu = 0;
  double memory_gb = 0;
  double disk_gb = 0;
  bool operator==(const Resources&) const = default;
};

/// Workers of a type ("Driver", "Executor"; Hive: "HiveDriver", "TezTask") that are kept ready.
struct InitialCapacity {
  int64_t count = 0;
  Resources worker;
  bool operator==(const InitialCapacity&) const = default;
};

struct Scheduler {
  int max_concurrent_runs = 15;     // 1 to 1000
  int queue_timeout_minutes = 360;  // 15 to 720
  bool operator==(const Scheduler&) const = default;
};

/// Written by services only. `request` is CreateApplication's input with what UpdateApplication
/// changed; the other members are what it says, with defaults filled in.
struct WantedApplication {
  std::string name;           // may be empty
  std::string release_label;  // "emr-7.10.0"
  std::string type;           // "Spark" or "Hive": as AWS shows it
  std::string architecture = "X86_64";
  bool auto_start = true;
  bool auto_stop = true;
  int idle_minutes = 15;  // 1 to 10080
  std::map<std::string, InitialCapacity> initial_capacity;
  std::optional<Resources> maximum;    // disk_gb 0: no limit on it
  std::optional<Scheduler> scheduler;  // without one nothing is queued
  base::JsonArray runtime_configuration;
  base::JsonObject monitoring;  // monitoringConfiguration
  base::JsonObject request;
  std::vector<std::pair<std::string, std::string>> tags;
  int64_t starts = 0;    // counted up by StartApplication
  int64_t stops = 0;     // counted up by StopApplication
  bool deleted = false;  // the intent
};

/// Written by control only.
struct ApplicationStatus {
  ApplicationState state = ApplicationState::kCreating;
  std::string details;
  std::optional<base::Time> created, updated;
  int64_t starts_seen = 0;  // of wanted.starts and .stops: acted on
  int64_t stops_seen = 0;
  bool operator==(const ApplicationStatus&) const = default;
};

struct SparkSubmit {
  std::string entry_point;  // s3://…/x.py, s3://…/x.jar, a path in the image
  std::vector<std::string> arguments;
  std::string parameters;  // sparkSubmitParameters, as it was received
};
struct HiveQuery {
  std::string query;  // an s3:// file or the text itself
  std::string init_query_file;
  std::string parameters;
};

/// Written by services only.
struct WantedRun {
  std::string name;
  std::string created_by;      // ARN of the caller
  std::string execution_role;  // ARN
  std::string release_label;   // of the application when it was submitted
  std::optional<SparkSubmit> spark;
  std::optional<HiveQuery> hive;
  base::JsonObject overrides;            // configurationOverrides
  base::JsonObject execution_policy;     // executionIamPolicy, for echoing; see README
  base::JsonObject request;              // StartJobRun's input as it was received
  base::JsonObject application_request;  // the application's, when it was submitted: echoed parts
  std::vector<std::pair<std::string, std::string>> tags;
  int64_t timeout_minutes = 720;  // executionTimeoutMinutes; 0: none
  std::string mode = "BATCH";     // or "STREAMING"
  int max_attempts = 1;           // BATCH
  int max_failures_per_hour = 0;  // STREAMING; 0: no limit but max_attempts
  bool cancel = false;            // the intent
  int64_t grace_seconds = 0;      // shutdownGracePeriodInSeconds of CancelJobRun
};

/// What workers used, by their whole lives: hours of vCPU, of GB of memory, of GB of disk.
struct Utilization {
  double vcpu_hours = 0;
  double memory_gb_hours = 0;
  double storage_gb_hours = 0;
  bool operator==(const Utilization&) const = default;
};

/// One attempt of a run, the current one included.
struct Attempt {
  int number = 1;
  RunState state = RunState::kSubmitted;
  std::string details;
  std::optional<base::Time> created, updated, started, ended;
  bool operator==(const Attempt&) const = default;
};

/// A worker process that one executor of a run has for itself. Those of a run in local mode are its
/// driver's threads and have none.
struct ExecutorWorker {
  int number = 1;  // 1, 2, 3 … of the attempt, never given twice
  base::Time since;
  bool operator==(const ExecutorWorker&) const = default;
};

/// Written by control only.
struct RunStatus {
  RunState state = RunState::kSubmitted;
  std::string details;
  std::optional<base::Time> created, updated, started, ended;
  int64_t queued_millis = 0;         // time in QUEUED
  std::optional<base::Time> queued;  // in it since
  std::vector<Attempt> attempts;     // oldest first; the last is the current one
  std::string node;                  // that the current attempt runs in; empty: none yet
  bool warm = false;                 // that node was ready before the run came
  std::string way;           // the master that it runs with: "local[2]", "spark://127.0.0.1:40123",
                             // or kStandalone until that one listens
  Resources workers;         // held while SCHEDULED and RUNNING: all together
  int64_t worker_count = 0;  // and how many they are
  Resources executor;        // standalone: each of these has
  std::vector<ExecutorWorker> executors;
  int executors_made = 0;                    // of the current attempt: the last number
  std::optional<base::Time> executor_ended;  // one of them did, by itself
  int early_ends = 0;                        // so many in a row did within kEarly of their start
  bool cancelling_for_timeout = false;
  std::optional<base::Time> signalled;  // the process was asked to end
  Utilization total;                    // of ended attempts
  Utilization billed;
  bool operator==(const RunStatus&) const = default;
};

/// A run whose executors are processes of their own, under a Spark standalone master.
inline constexpr const char* kStandalone = "standalone";
inline bool is_standalone(std::string_view way) {
  return way == kStandalone || way.starts_with("spark://");
}

struct JobRun {
  std::string id;        // "00" + 14 of a-z0-9
  int64_t sequence = 0;  // 1, 2, 3 … in the order of submission, of its application
  WantedRun wanted;
  RunStatus status;
};

struct Application {
  Key key;
  WantedApplication wanted;
  ApplicationStatus status;
  std::vector<JobRun> runs;  // those that have not ended, in the order of submission
};

/// Drivers of an application's pre-initialised capacity that no run has.
struct Standby {
  int ready = 0;
  int wanted = 0;  // ready ones and those that are being made
};

std::string arn_of(const Key& application);  // "arn:aws:emr-serverless:…:/applications/…"
std::string arn_of(const Key& application, std::string_view run_id);

/// Deterministic: the same attempt always has the same node and process, see nodes/provider.h.
std::string node_of(const Key& application, const JobRun& run, int attempt);  // "00…/00…-1"
std::string process_of(const JobRun& run, int attempt);                       // "00…/attempt-1"
/// Of its standalone cluster, in the same node.
std::string master_process_of(const JobRun& run, int attempt);                // "…-master"
std::string worker_process_of(const JobRun& run, int attempt, int executor);  // "…-worker-2"
/// Back: the executor whose worker it is; nullopt: it is none of that attempt's.
std::optional<int> executor_of(std::string_view process, const JobRun& run, int attempt);

/// "4 vCPU" or "4", "16 GB" or "16": as CpuSize, MemorySize and DiskSize are written; 0 when not.
double vcpu_of(std::string_view text);
double gb_of(std::string_view text);

// How values are kept in the store.
base::JsonObject to_json(const WantedApplication& wanted);
base::JsonObject to_json(const ApplicationStatus& status);
base::JsonObject to_json(const WantedRun& wanted);
base::JsonObject to_json(const RunStatus& status);
WantedApplication wanted_application_from(const base::JsonObject& json);
ApplicationStatus application_status_from(const base::JsonObject& json);
WantedRun wanted_run_from(const base::JsonObject& json);
RunStatus run_status_from(const base::JsonObject& json);

}  // namespace howdah::serverless
