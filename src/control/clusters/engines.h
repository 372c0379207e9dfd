#pragma once

// Engines over src/apps: installs by a supervised `howdah install <label> --applications …` that
// outlives the server, and makes each node's view from what is installed, the cluster and the
// node's place in it. Ownership: borrows the release table and the instance types; owns what it
// read of the applications. Threads: concurrent calls allowed. Failure: what cannot be installed is
// a look that failed, with package and cause.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/instance_types.h"
#include "apps/releases.h"
#include "control/clusters/world.h"

namespace howdah::control {

struct EnginesOptions {
  std::filesystem::path data;     // for the installer's run folder
  std::filesystem::path engines;  // the tree that data directories share
  std::filesystem::path apps;     // apps/ at the root: templates
  std::filesystem::path runtime;  // runtime/node: shown at /usr/lib/howdah
  std::string installation;       // the 6-character id
  std::string endpoint;           // as a node that shares the host's network reaches it
  std::filesystem::path s3_dist_cp =
      {};  // the program; empty: beside this one, else nodes have none
  /// The environment that gives the cluster's daemons its role's credentials; may be unset.
  std::function<std::vector<std::pair<std::string, std::string>>(const cluster::Cluster&)>
      credentials = {};
};

base::Result<std::unique_ptr<Engines>> make_engines(EnginesOptions options,
                                                    const apps::Releases& releases,
                                                    const apps::InstanceTypes& types);

/// What of the cluster's applications has to be there, in AWS's spelling, Spark first: what
/// Applications names and can run, what that needs, and Hadoop when there is more than one node.
std::vector<std::string> applications_of(const apps::Releases& releases,
                                         const cluster::Cluster& cluster);

}  // namespace howdah::control
