#pragma once

// Starts a process so that it outlives the server; from its folder on disk says whether it runs or
// how it ended; stops it and its descendants.
//
//   server ── launches ──> monitor (detached; outside every namespace)
//                            claims `started` (exactly once, synced), then
//                            └─> init: PID 1 of a PID namespace of its own, inside the container
//                                  └─> the user's process, as its user
//                            writes `exit` (at once, synced) and ends
//
// The monitor is out of the process's reach and out of its memory cgroup, so that how it ended is
// always written. Ending init ends every descendant; the monitor's end ends init. So: `exit` there
// = ended; else `started` whose monitor runs = running; else `started` = lost; else never started.
// Interruptions: killed before `started`: nothing ran, start again. After it, before the process:
// lost, never run twice. The server killed at any point: the monitor goes on. Host down: the boot
// id of `started` is not today's: lost, with that reason.
//
// Ownership: the world owns the processes. Threads: concurrent calls allowed. Files carry a
// version; this one reads version 1.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "os/boot.h"
#include "os/launch.h"

namespace howdah::os {

/// What to run: <run folder>/spec.json.
struct ProcessPlan {
  std::vector<std::string> argv;  // argv[0] is looked up in the PATH of `environment`
  std::vector<std::pair<std::string, std::string>> environment;  // all of it
  std::string user;  // of the container's /etc/passwd; empty: the user stays as it is
  std::filesystem::path working_directory = "/";  // made, owned by `user`, when missing
  std::filesystem::path stdout_path;  // made with its folders; appended to; empty: /dev/null
  std::filesystem::path stderr_path;
  bool linger = false;  // what the process leaves running goes on, until the container ends
  std::optional<ProcessIdentity> container;    // init of the container it runs in; none: the host
  std::vector<std::filesystem::path> cgroups;  // folders whose cgroup.procs it joins
};

struct ProcessStatus {
  enum class State { kUnknown, kRunning, kExited, kLost };
  State state = State::kUnknown;
  int exit_code = 0;
  int signal = 0;
  bool out_of_memory = false;
  std::string reason;  // of kLost; of kExited when the process could not be run at all
  std::optional<base::Time> started;
  std::optional<base::Time> ended;
  ProcessIdentity monitor;  // once started
};

enum class StopSignal { kTerminate, kKill };

class Supervisor {
 public:
  explicit Supervisor(Launcher launcher) : launcher_(std::move(launcher)) {}

  const Launcher& launcher() const { return launcher_; }

  /// Starts it unless it was ever started from this folder. Made when missing. `label` names it in
  /// the process list. Errors: nothing ran, and nothing was claimed.
  base::Status start(const std::filesystem::path& run_folder, const ProcessPlan& plan,
                     const std::string& label) const;

  /// From the files and /proc alone.
  static ProcessStatus look(const std::filesystem::path& run_folder);

  /// kTerminate: SIGTERM to the process and all its descendants. kKill: ends them. Returns at once;
  /// succeeds when it does not run.
  static base::Status signal(const std::filesystem::path& run_folder, StopSignal signal);

 private:
  Launcher launcher_;
};

std::string to_text(const ProcessPlan& plan);
base::Result<ProcessPlan> plan_from(const std::string& text);

}  // namespace howdah::os
