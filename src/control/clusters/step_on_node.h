#pragma once

// A step where it runs: what it finds there, and what its outputs say when it failed. Threads:
// concurrent calls allowed.

#include <string>

#include "cluster/cluster.h"
#include "control/clusters/log_files.h"
#include "job/failure.h"
#include "job/launch.h"
#include "nodes/provider.h"

namespace howdah::control {

/// Hadoop's daemons run in it: its applications need them, or there are nodes beside the primary.
bool has_hadoop(const cluster::Cluster& cluster);

/// The applications that the cluster really has (Hadoop comes with what needs it, and with nodes
/// beside the primary one), the step's id and where its logs lie.
job::Site site_of(const cluster::Cluster& cluster, const cluster::Step& step);

/// Why the step failed, and which log says so.
struct StepCause {
  std::string line;
  std::string file;  // inside the node: "/mnt/var/log/hadoop/steps/s-…/stderr"
  std::string uri;   // of the same where the log URI has it; empty: there is none
};
/// Reads the ends of the step's files on the primary node `node_id`, and of its driver's where it
/// ran in a container.
StepCause cause_of(nodes::Provider& nodes, const std::string& node_id,
                   const cluster::Cluster& cluster, const cluster::Step& step);

}  // namespace howdah::control
