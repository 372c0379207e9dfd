#pragma once

// Groups, fleets and instances as reading operations answer them, made of what is wanted and what
// is. Pure.

#include <string_view>
#include <vector>

#include "apps/instance_types.h"
#include "aws/emr/types.h"
#include "store/control/control_store.h"

namespace howdah::services::emr {

/// As control recorded it; a group that it has not looked at yet follows its cluster.
cluster::GroupStatus status_of(const store::ClusterRow& row, const cluster::Group& group);

inline bool uses_fleets(const std::vector<cluster::Group>& groups) {
  return !groups.empty() && groups.front().fleet;
}

/// What clients on this host connect to; empty until it is known.
std::string public_address(const cluster::Node& node);
/// The MASTER group's newest; nullptr: none yet.
const cluster::Node* primary_in(const std::vector<cluster::Node>& nodes,
                                const std::vector<cluster::Group>& groups);

aws::emr::InstanceGroup group_answer(const store::ClusterRow& row, const cluster::Group& group);
aws::emr::InstanceFleet fleet_answer(const store::ClusterRow& row, const cluster::Group& fleet,
                                     const apps::InstanceTypes& types);
/// `nodes` are all of the cluster's: what an instance of a fleet costs depends on its rank there.
aws::emr::Instance instance_answer(const store::ClusterRow& row, const cluster::Group& group,
                                   const cluster::Node& node,
                                   const std::vector<cluster::Node>& nodes,
                                   const apps::InstanceTypes& types);

/// InstanceGroupDetail of DescribeJobFlows.
aws::emr::InstanceGroupDetail group_detail(const store::ClusterRow& row,
                                           const cluster::Group& group);

int running_in(const std::vector<cluster::Node>& nodes, const cluster::Group& group);

}  // namespace howdah::services::emr
