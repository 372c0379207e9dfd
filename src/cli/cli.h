#pragma once

// The `howdah` command: parses the command line, runs one command, returns its exit code.
// Everything it knows of a server it asks over HTTP, as any other client would. Only `serve` runs
// in this process: through a callback, since this module stands below the server. Threads: one.
// Failure: an exit code and a text on stderr that says what to do next; nothing is thrown.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/log.h"

namespace howdah::cli {

struct ServeOptions {
  std::filesystem::path data_dir;     // absolute
  std::string host = "127.0.0.1";     // an IP address literal
  uint16_t port = 4566;               // 0: any free one
  std::filesystem::path engines_dir;  // absolute; shared by all data directories
  base::Level log_level = base::Level::kInfo;
};

/// Runs the server until it is asked to stop; returns the process's exit code. It must print
/// `http://localhost:PORT` as the first line on stdout once it answers.
using Serve = std::function<int(const ServeOptions&)>;

int run(int argc, char** argv, const Serve& serve);

}  // namespace howdah::cli
