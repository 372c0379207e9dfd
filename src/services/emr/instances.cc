// ListInstances, ListInstanceGroups, ListInstanceFleets.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/instance_answer.h"

namespace howdah::services::emr {
namespace {

constexpr size_t kPage = 500;
constexpr base::Millis kKept = std::chrono::hours(24 * 30);  // ListInstances: "in the last 30 days"

bool wants(const std::vector<std::string>& filter, std::string_view value) {
  return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

// Opaque to callers: the number of the instance that the next page begins after.
std::string marker_of(int number) { return base::to_base64(fmt::format("instance/{}", number)); }

base::Result<int> number_after(std::string_view marker) {
  if (marker.empty()) return -1;
  const auto text = base::from_base64(marker);
  int number = 0;
  if (text && text->starts_with("instance/")) {
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data() + 9, end, number);
    if (error == std::errc() && stop == end && marker_of(number) == marker) return number;
  }
  return bad_marker();
}

base::Status check_filters(const wire::ListInstancesInput& input,
                           const std::vector<cluster::Group>& groups) {
  const bool fleets = uses_fleets(groups);
  const bool by_group = input.instance_group_id() || !input.instance_group_types().empty();
  const bool by_fleet = input.instance_fleet_id() || input.instance_fleet_type();
  if (by_group && by_fleet) {
    return invalid_request(
        "Instance groups and instance fleets are mutually exclusive: filter by one of them.");
  }
  if (!fleets && by_fleet)
    return groups_not_supported("ListInstances by instance fleet", "ListInstances");
  if (fleets && by_group)
    return fleets_not_supported("ListInstances by instance group", "ListInstances");
  const auto id = fleets ? input.instance_fleet_id() : input.instance_group_id();
  const bool known = !id || std::any_of(groups.begin(), groups.end(),
                                        [&](const auto& group) { return group.id == *id; });
  if (known) return base::ok();
  return fleets ? no_such_fleet(*id) : no_such_group(*id);
}

}  // namespace

base::Result<wire::ListInstancesOutput> Emr::list_instances(const aws::Context& context,
                                                            const wire::ListInstancesInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  const int after = TRY(number_after(input.marker().value_or("")));
  const std::vector<cluster::Group>& groups = row.wanted.groups;
  TRY(check_filters(input, groups));
  const std::string id(input.instance_group_id().value_or(input.instance_fleet_id().value_or("")));
  std::vector<std::string> roles = input.instance_group_types();
  if (const auto role = input.instance_fleet_type()) roles = {std::string(*role)};
  const std::vector<std::string> states = input.instance_states();
  const std::vector<cluster::Node>& nodes = row.status.nodes;

  wire::ListInstancesOutput out;
  std::vector<wire::Instance> found;
  int last = -1;
  for (const cluster::Node& node : nodes) {
    const auto group = std::find_if(groups.begin(), groups.end(),
                                    [&](const auto& each) { return each.id == node.group_id; });
    if (node.number <= after || group == groups.end()) continue;
    if (!id.empty() && id != group->id) continue;
    if (!wants(roles, cluster::name_of(group->role))) continue;
    if (!wants(states, cluster::name_of(node.state))) continue;
    if (node.timeline.ended && clock_.now() - *node.timeline.ended > kKept) continue;
    if (found.size() == kPage) {
      out.set_marker(marker_of(last));
      break;
    }
    last = node.number;
    found.push_back(instance_answer(row, *group, node, nodes, instance_types_));
  }
  out.set_instances(std::move(found));
  return out;
}

base::Result<wire::ListInstanceGroupsOutput> Emr::list_instance_groups(
    const aws::Context& context, const wire::ListInstanceGroupsInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  const std::vector<cluster::Group>& groups = row.wanted.groups;
  if (uses_fleets(groups)) return fleets_not_supported("ListInstanceGroups", "ListInstanceFleets");
  if (input.marker().value_or("") != "") return bad_marker();  // at most 50: one page
  std::vector<wire::InstanceGroup> answers;
  for (const cluster::Group& group : groups) answers.push_back(group_answer(row, group));
  wire::ListInstanceGroupsOutput out;
  out.set_instance_groups(std::move(answers));
  return out;
}

base::Result<wire::ListInstanceFleetsOutput> Emr::list_instance_fleets(
    const aws::Context& context, const wire::ListInstanceFleetsInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  const std::vector<cluster::Group>& groups = row.wanted.groups;
  if (!uses_fleets(groups)) return groups_not_supported("ListInstanceFleets", "ListInstanceGroups");
  if (input.marker().value_or("") != "") return bad_marker();  // at most three: one page
  std::vector<wire::InstanceFleet> answers;
  for (const cluster::Group& fleet : groups)
    answers.push_back(fleet_answer(row, fleet, instance_types_));
  wire::ListInstanceFleetsOutput out;
  out.set_instance_fleets(std::move(answers));
  return out;
}

}  // namespace howdah::services::emr
