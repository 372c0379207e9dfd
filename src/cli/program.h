#pragma once

// Programs beside our own: where they are, becoming one, asking one for its version. Arguments are
// arrays, never a shell's text. Free functions; one thread.

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace howdah::cli {

/// The first executable of that name in PATH.
std::optional<std::filesystem::path> find_program(const std::string& name);

/// The executable that runs now, links resolved.
std::filesystem::path own_program();

/// The folder that holds Howdah's own files (apps/, tools/): the first that has apps/releases among
/// the folders above the executable and the folder it was built from; empty when there is none.
std::filesystem::path home_folder();

/// Replaces this process; returns only an error. `unset` go from the environment, `set` come to it.
base::Error become(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                   const std::vector<std::pair<std::string, std::string>>& set,
                   const std::vector<std::string>& unset);

struct Finished {
  int exit_code = 0;   // 128 + signal when a signal ended it
  std::string output;  // stdout and stderr, at most 64 KiB
};
/// Runs it to its end; kDeadlineExceeded (and it is killed) after `timeout`.
base::Result<Finished> capture(const std::vector<std::string>& argv,
                               std::chrono::milliseconds timeout);

/// Starts a program that goes on by itself, with nothing of this terminal: a browser. Errors: that
/// it could not be started; what it does is not waited for.
base::Status start_aside(const std::vector<std::string>& argv);

/// A daemon: own session, stdin from nowhere, stderr appended to `log`. Returns its pid and the
/// first line that it writes to stdout. An error when it ends before, or says nothing within
/// `timeout`.
struct Daemon {
  int pid = 0;
  std::string first_line;
};
base::Result<Daemon> start_daemon(const std::vector<std::string>& argv,
                                  const std::filesystem::path& log,
                                  std::chrono::milliseconds timeout);

}  // namespace howdah::cli
