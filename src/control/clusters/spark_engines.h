#pragma once

// Engines over src/apps: installs by a supervised `howdah install <label>` that outlives the
// server, and makes the primary node's view from what is installed. Ownership: borrows the release
// table; owns its templates. Threads: concurrent calls allowed.

#include <filesystem>
#include <memory>
#include <string>

#include "apps/instance_types.h"
#include "apps/releases.h"
#include "control/clusters/world.h"

namespace howdah::control {

struct SparkEnginesOptions {
  std::filesystem::path data;     // for the installer's run folder
  std::filesystem::path engines;  // the tree that data directories share
  std::filesystem::path apps;     // apps/ at the root: templates
  std::filesystem::path runtime;  // runtime/node: shown at /usr/lib/howdah
  std::string installation;       // the 6-character id
  std::string endpoint;           // as it is reached from inside a node
};

base::Result<std::unique_ptr<Engines>> make_spark_engines(SparkEnginesOptions options,
                                                          const apps::Releases& releases,
                                                          const apps::InstanceTypes& types);

/// The real host: /proc/meminfo and the instance type table.
std::unique_ptr<Host> make_local_host(const apps::InstanceTypes& types);

}  // namespace howdah::control
