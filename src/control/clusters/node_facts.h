#pragma once

// A node's place in its cluster, as src/apps wants to know it. Pure.

#include <string>
#include <vector>

#include "apps/instance_types.h"
#include "apps/node_view.h"
#include "cluster/cluster.h"

namespace howdah::control {

/// More than the primary node is wanted, or there.
bool has_several_nodes(const cluster::Cluster& cluster);

/// Everything but `endpoint`, `applications` and credentials. `host_memory_mib`: of this machine;
/// 0: as much as the instance type has.
apps::NodeFacts facts_of(const cluster::Cluster& cluster, const cluster::Node& node,
                         const apps::InstanceTypes& types, uint64_t host_memory_mib);

/// Lines for the node's hosts file: every other instance that lives and has an address.
std::vector<std::pair<std::string, std::vector<std::string>>> hosts_of(
    const cluster::Cluster& cluster, const cluster::Node& node);

}  // namespace howdah::control
