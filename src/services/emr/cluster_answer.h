#pragma once

// What reading operations answer about a cluster: made of the request as it was received, what is
// wanted and what is. Read and write shapes differ (reference: the EMR API's Cluster against
// RunJobFlow). Pure.

#include "apps/instance_types.h"
#include "apps/releases.h"
#include "aws/emr/api.h"
#include "store/control/control_store.h"

namespace howdah::services::emr {

aws::emr::Cluster cluster_answer(const store::ClusterRow& row, const apps::Releases& releases,
                                 const apps::InstanceTypes& types, base::Time now);
aws::emr::ClusterSummary cluster_summary(const store::ClusterRow& row,
                                         const apps::InstanceTypes& types, base::Time now);
aws::emr::ClusterStatus cluster_status(const cluster::Status& status);

/// m1.small hours of all instances there have been, begun ones counted whole; an instance counts
/// from when it runs.
int64_t normalized_instance_hours(const store::ClusterRow& row, const apps::InstanceTypes& types,
                                  base::Time now);

base::JsonArray tags_answer(const cluster::Wanted& wanted);

/// Copies the members that are there, under the same or another name.
void copy_member(const base::JsonObject& from, base::JsonObject& to, std::string_view name,
                 std::string_view as = {});

}  // namespace howdah::services::emr
