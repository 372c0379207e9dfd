#pragma once

// Instance groups and fleets as requests ask for them (RunJobFlow, AddInstanceGroups,
// AddInstanceFleet), checked beyond their shape and made into what is wanted. What they refuse is a
// ValidationException, in AWS's wording where it is known. Pure; the ids are given by the caller,
// once everything is checked.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/instance_types.h"
#include "aws/emr/types.h"
#include "base/ids.h"
#include "base/result.h"
#include "cluster/cluster.h"

namespace howdah::services::emr {

/// EMR Management Guide: one MASTER, at most one CORE, at most 48 TASK groups.
inline constexpr size_t kMostTaskGroups = 48;
/// Of one cluster: what a cluster's network here has addresses for.
inline constexpr int64_t kMostInstances = 1000;

base::Result<cluster::Group> group_from(const aws::emr::InstanceGroupConfig& asked,
                                        const apps::InstanceTypes& types);
base::Result<cluster::Group> fleet_from(const aws::emr::InstanceFleetConfig& asked,
                                        const apps::InstanceTypes& types);

/// How many of each role there may be, and what needs what. All groups, or all fleets.
base::Status check_roles_of(const std::vector<cluster::Group>& groups);

/// "ig-…" or "if-…" for each that has none.
void give_ids(std::vector<cluster::Group>& groups, base::Ids& ids);

/// The instances that a fleet's targets come to: one type is chosen, the cheapest a unit or, with
/// the allocation strategy "prioritized", the first in priority. Spot units cost as on-demand ones:
/// there is no spot market here.
struct FleetShape {
  std::string instance_type;
  int64_t weight = 1;  // units an instance
  int on_demand = 0;   // instances
  int spot = 0;
  int count() const { return on_demand + spot; }
};
/// `fleet` is an InstanceFleetConfig that fleet_from accepted, with its targets as they are now.
FleetShape shape_of(const base::JsonObject& fleet, const apps::InstanceTypes& types);

/// Units that an instance of this type counts for in a fleet; 1 when the fleet does not say.
int64_t weight_in(const base::JsonObject& fleet, std::string_view instance_type);

/// ValidationException listing what is supported.
base::Status check_type(std::string_view type, const apps::InstanceTypes& types);
/// ResizeSpecifications of AddInstanceFleet and ModifyInstanceFleet.
base::Status check_resize(
    const std::optional<aws::emr::InstanceFleetResizingSpecifications>& asked);

}  // namespace howdah::services::emr
