#pragma once

// What ModifyInstanceGroups and ModifyInstanceFleet make of a group. Pure: they change what is
// wanted or refuse with a ValidationException, in AWS's wording where it is known. Sources: EMR API
// reference, InstanceGroupModifyConfig, ShrinkPolicy; Management Guide, "Manually resize a running
// cluster"; Release Guide, "Reconfigure an instance group in a running cluster".

#include "apps/instance_types.h"
#include "aws/emr/types.h"
#include "base/result.h"
#include "cluster/cluster.h"

namespace howdah::services::emr {

/// InstanceCount, EC2InstanceIdsToTerminate, ShrinkPolicy, Configurations of one group.
base::Status modify_group(const aws::emr::InstanceGroupModifyConfig& asked, cluster::Group& group,
                          const cluster::Wanted& wanted, const cluster::Status& status);

/// Targets, InstanceTypeConfigs and ResizeSpecifications of one fleet.
base::Status modify_fleet(const aws::emr::InstanceFleetModifyConfig& asked, cluster::Group& fleet,
                          const cluster::Wanted& wanted, const cluster::Status& status,
                          const apps::InstanceTypes& types);

/// MERGE: properties of the same classification are added or replaced, the others stay.
base::JsonArray merged(const base::JsonArray& before, const base::JsonArray& added);

}  // namespace howdah::services::emr
