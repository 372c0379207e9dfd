#pragma once

// SparkEngines over what is installed: each run gets a node of its release's Spark, and one command
// in it. Ownership: borrows the installations. Threads: concurrent calls allowed.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/serverless/world.h"

namespace howdah::control {

struct SparkEnginesOptions {
  std::filesystem::path apps;     // apps/ at the root: templates
  std::filesystem::path runtime;  // runtime/node: shown at /usr/lib/howdah
  std::string endpoint;           // as a node that shares the host's network reaches it
  uint64_t host_memory = 0;       // bytes
  int cpus = 1;
  /// The environment that gives a run its execution role's credentials.
  std::function<std::vector<std::pair<std::string, std::string>>(const serverless::Key&,
                                                                 const std::string& run)>
      credentials;
};

base::Result<std::unique_ptr<SparkEngines>> make_spark_engines(SparkEnginesOptions options,
                                                               Installations& installations);

/// spark-submit with what a run says; `properties` is its properties file inside the node. Pure.
/// A SQL file is given to Spark SQL's own command line.
std::vector<std::string> run_command(const serverless::JobRun& run,
                                     const serverless::SparkSettings& settings,
                                     const std::string& way, const std::string& properties);

}  // namespace howdah::control
