// AddInstanceGroups, ModifyInstanceGroups, AddInstanceFleet, ModifyInstanceFleet: what is wanted of
// a cluster's nodes. All or nothing: one transaction, after all checks.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/group_request.h"
#include "services/emr/instance_answer.h"
#include "services/emr/request_check.h"
#include "services/emr/resize.h"

namespace howdah::services::emr {
namespace {

bool is_up(const cluster::Status& status) {
  return status.state == cluster::State::kRunning || status.state == cluster::State::kWaiting;
}

base::Error only_while_up(std::string_view what) {
  return validation(fmt::format(
      "An instance {} may only be modified when the cluster is running or waiting.", what));
}

// To a cluster without core nodes these can be added only where HDFS and YARN already run.
base::Status check_may_grow(const cluster::Wanted& wanted) {
  if (wanted.groups.empty())
    return validation(
        "Nodes cannot be added to this cluster: it was made for a primary node only.");
  const bool alone = wanted.groups.size() == 1;
  const auto& applications = wanted.applications;
  const bool hadoop =
      std::find(applications.begin(), applications.end(), "Hadoop") != applications.end();
  if (!alone || hadoop) return base::ok();
  return validation(
      "Nodes cannot be added to a cluster that has a primary node only and no Hadoop: there is no "
      "HDFS and no YARN that they could join.");
}

base::Status append_groups(cluster::Wanted& wanted, const cluster::Status& status,
                           const std::vector<cluster::Group>& added) {
  if (is_ending(wanted, status)) return may_not_be_modified();
  TRY(check_may_grow(wanted));
  wanted.groups.insert(wanted.groups.end(), added.begin(), added.end());
  return check_roles_of(wanted.groups);
}

cluster::Group* group_in(cluster::Wanted& wanted, std::string_view id) {
  for (cluster::Group& group : wanted.groups) {
    if (group.id == id) return &group;
  }
  return nullptr;
}

base::Status modify_groups(const wire::ModifyInstanceGroupsInput& input, cluster::Wanted& wanted,
                           const cluster::Status& status) {
  if (is_ending(wanted, status)) return may_not_be_modified();
  if (!is_up(status)) return only_while_up("group");
  std::set<std::string_view> seen;
  for (const wire::InstanceGroupModifyConfig& asked : input.instance_groups()) {
    const std::string_view id = asked.instance_group_id();
    cluster::Group* group = group_in(wanted, id);
    if (!group) return validation(fmt::format("Instance group id '{}' is not valid.", id));
    if (!seen.insert(id).second)
      return validation(fmt::format("Instance group {} is named twice.", id));
    TRY(modify_group(asked, *group, wanted, status));
  }
  return base::ok();
}

}  // namespace

base::Result<wire::AddInstanceGroupsOutput> Emr::add_instance_groups(
    const aws::Context& context, const wire::AddInstanceGroupsInput& input) {
  const cluster::Key key = key_of(context, input.job_flow_id());
  auto row = store_.cluster(key);
  if (!row.ok()) return of_job_flow(std::move(row).error(), input.job_flow_id());
  if (uses_fleets(row->wanted.groups))
    return fleets_not_supported("AddInstanceGroups", "AddInstanceFleet");
  if (input.instance_groups().empty())
    return validation("InstanceGroups is empty: give at least one instance group.");
  std::vector<cluster::Group> added;
  std::vector<std::string> warnings;
  for (const wire::InstanceGroupConfig& asked : input.instance_groups()) {
    added.push_back(TRY(group_from(asked, instance_types_)));
    group_without_effect(asked.raw(), warnings);
  }
  give_ids(added, ids_);
  base::JsonArray group_ids;
  for (const cluster::Group& group : added) group_ids.push_back(base::Json(group.id));
  auto answer = change_once(
      context, key, "AddInstanceGroups",
      [&](cluster::Wanted& wanted, const cluster::Status& status) {
        return append_groups(wanted, status, added);
      },
      {{"JobFlowId", key.id},
       {"InstanceGroupIds", std::move(group_ids)},
       {"ClusterArn", cluster::cluster_arn(key)}},
      warnings);
  if (!answer.ok()) return of_job_flow(std::move(answer).error(), input.job_flow_id());
  return wire::AddInstanceGroupsOutput(std::move(answer).value());
}

base::Result<wire::AddInstanceFleetOutput> Emr::add_instance_fleet(
    const aws::Context& context, const wire::AddInstanceFleetInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  if (!uses_fleets(row.wanted.groups))
    return groups_not_supported("AddInstanceFleet", "AddInstanceGroups");
  auto fleet = fleet_from(input.instance_fleet(), instance_types_);
  if (!fleet.ok()) return as_invalid_request(std::move(fleet).error());
  std::vector<cluster::Group> added = {std::move(fleet).value()};
  std::vector<std::string> warnings;
  group_without_effect(input.instance_fleet().raw(), warnings);
  give_ids(added, ids_);
  auto answer = change_once(
      context, row.key, "AddInstanceFleet",
      [&](cluster::Wanted& wanted, const cluster::Status& status) {
        return append_groups(wanted, status, added);
      },
      {{"ClusterId", row.key.id},
       {"InstanceFleetId", added.front().id},
       {"ClusterArn", cluster::cluster_arn(row.key)}},
      warnings);
  if (!answer.ok())
    return as_invalid_request(of_cluster(std::move(answer).error(), input.cluster_id()));
  return wire::AddInstanceFleetOutput(std::move(answer).value());
}

base::Result<cluster::Key> Emr::cluster_of_group(const aws::Context& context, std::string_view id) {
  using cluster::State;
  store::ClusterFilter filter;
  filter.states = {State::kStarting, State::kBootstrapping, State::kRunning, State::kWaiting,
                   State::kTerminating};
  std::string marker;
  do {
    const auto page = TRY(store_.clusters(context.account, context.region, filter, marker, 100));
    for (const store::ClusterRow& row : page.rows) {
      for (const cluster::Group& group : row.wanted.groups) {
        if (group.id == id) return row.key;
      }
    }
    marker = page.next;
  } while (!marker.empty());
  return validation(fmt::format("Instance group id '{}' is not valid.", id));
}

base::Result<wire::ModifyInstanceGroupsOutput> Emr::modify_instance_groups(
    const aws::Context& context, const wire::ModifyInstanceGroupsInput& input) {
  cluster::Key key;
  if (const auto id = input.cluster_id()) {
    const store::ClusterRow row = TRY(find_cluster(context, *id));
    if (uses_fleets(row.wanted.groups))
      return fleets_not_supported("ModifyInstanceGroups", "ModifyInstanceFleet");
    key = row.key;
  }
  if (input.instance_groups().empty())
    return validation("InstanceGroups is empty: give at least one instance group.");
  if (key.id.empty())
    key = TRY(cluster_of_group(context, input.instance_groups()[0].instance_group_id()));
  auto done = change_once(context, key, "ModifyInstanceGroups",
                          [&](cluster::Wanted& wanted, const cluster::Status& status) {
                            return modify_groups(input, wanted, status);
                          },
                          {}, {});
  if (!done.ok()) return of_cluster(std::move(done).error(), key.id);
  return wire::ModifyInstanceGroupsOutput();
}

base::Result<wire::ModifyInstanceFleetOutput> Emr::modify_instance_fleet(
    const aws::Context& context, const wire::ModifyInstanceFleetInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  if (!uses_fleets(row.wanted.groups))
    return groups_not_supported("ModifyInstanceFleet", "ModifyInstanceGroups");
  const wire::InstanceFleetModifyConfig asked = input.instance_fleet();
  auto done =
      change_once(context, row.key, "ModifyInstanceFleet",
                  [&](cluster::Wanted& wanted, const cluster::Status& status) -> base::Status {
                    if (is_ending(wanted, status)) return may_not_be_modified();
                    if (!is_up(status)) return only_while_up("fleet");
                    cluster::Group* fleet = group_in(wanted, asked.instance_fleet_id());
                    if (!fleet) return no_such_fleet(asked.instance_fleet_id());
                    return modify_fleet(asked, *fleet, wanted, status, instance_types_);
                  },
                  {}, {});
  if (!done.ok())
    return as_invalid_request(of_cluster(std::move(done).error(), input.cluster_id()));
  return wire::ModifyInstanceFleetOutput();
}

}  // namespace howdah::services::emr
