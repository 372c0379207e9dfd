#pragma once

// RunJobFlow beyond its shape, a function a group of members. All of them run before any effect;
// what they refuse is a ValidationException, in AWS's wording where it is known. Each fills its
// part of what is wanted. Pure but for reading the release and instance type tables.

#include <optional>
#include <string>
#include <vector>

#include "apps/instance_types.h"
#include "apps/releases.h"
#include "aws/emr/types.h"
#include "base/result.h"
#include "cluster/cluster.h"

namespace howdah::services::emr {

/// Name, LogUri, bootstrap actions, tags, step concurrency, auto-termination, keep-alive,
/// protection.
base::Status check_plain_members(const aws::emr::RunJobFlowInput& input, cluster::Wanted& wanted);

/// ReleaseLabel, AmiVersion, Applications (none: Hadoop, as on EMR), Configurations. The errors
/// list what is known or runs.
base::Status check_release(const aws::emr::RunJobFlowInput& input, const apps::Releases& releases,
                           cluster::Wanted& wanted);

/// Core and task nodes join HDFS and YARN: refused on a label whose Hadoop does not run here. To be
/// called once `wanted.groups` is filled.
base::Status check_nodes_can_join(const apps::Releases& releases, const cluster::Wanted& wanted);

/// Instance groups, instance fleets, or the three older members (then of groups that stand for
/// them): fills `wanted.groups`, the MASTER one first, without ids.
base::Status check_instances(const aws::emr::RunJobFlowInput& input,
                             const apps::InstanceTypes& types, cluster::Wanted& wanted);

/// Members that promise security or an effect that a user would miss are refused until they act.
base::Status check_refused_members(const aws::emr::RunJobFlowInput& input);

/// A sentence for each member that is accepted, echoed and does nothing here; for the cluster's
/// events.
std::vector<std::string> members_without_effect(const aws::emr::RunJobFlowInput& input,
                                                const cluster::Wanted& wanted);

/// The same of an InstanceGroupConfig or an InstanceFleetConfig, as received: added to `out`, each
/// sentence once.
void group_without_effect(const base::JsonObject& group, std::vector<std::string>& out);

/// Seconds: 60 to 604800, 3600 when it says none (API reference, AutoTerminationPolicy).
base::Result<int64_t> idle_timeout_of(const std::optional<aws::emr::AutoTerminationPolicy>& policy);

/// Why UnhealthyNodeReplacement has no effect.
inline constexpr char kUnhealthyNodes[] =
    "an instance that ends is replaced in any case, one that is only unhealthy is not";

/// "EMR_DefaultRole" of the name, the path or the ARN of a role or an instance profile.
std::string_view bare_name(std::string_view name_or_arn);

}  // namespace howdah::services::emr
