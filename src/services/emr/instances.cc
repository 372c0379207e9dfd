// ListInstances, ListInstanceGroups, ListInstanceFleets: a cluster has one group with one instance.

#include <fmt/format.h>

#include <algorithm>

#include "services/emr/emr.h"
#include "services/emr/errors.h"

namespace howdah::services::emr {
namespace {

using cluster::InstanceState;

const base::JsonObject kNothing;

// The MASTER group as it was asked for; empty when the older members were used.
const base::JsonObject& master_group(const store::ClusterRow& row) {
  const base::JsonObject* instances = base::find_object(row.request, "Instances");
  const base::JsonArray* groups =
      instances ? base::find_array(*instances, "InstanceGroups") : nullptr;
  if (groups && !groups->empty() && groups->front().is_object())
    return groups->front().get_object();
  return kNothing;
}

// One entry a volume, as the read shape has it.
base::JsonArray block_devices(const base::JsonObject& group) {
  base::JsonArray out;
  const base::JsonObject* ebs = base::find_object(group, "EbsConfiguration");
  const base::JsonArray* configs = ebs ? base::find_array(*ebs, "EbsBlockDeviceConfigs") : nullptr;
  if (!configs) return out;
  char device = 'b';
  for (const base::Json& item : *configs) {
    const base::JsonObject* config = item.if_object();
    const base::JsonObject* volume =
        config ? base::find_object(*config, "VolumeSpecification") : nullptr;
    if (!volume) continue;
    for (int64_t n = base::int_at(*config, "VolumesPerInstance", 1); n > 0 && device < 'z'; --n) {
      out.push_back(base::JsonObject{{"VolumeSpecification", *volume},
                                     {"Device", fmt::format("/dev/sd{}", ++device)}});
    }
  }
  return out;
}

bool is_over(const store::ClusterRow& row) { return cluster::is_terminal(row.status.state); }

const char* group_state(const store::ClusterRow& row) {
  if (is_over(row)) return "TERMINATED";
  if (row.status.state == cluster::State::kTerminating) return "TERMINATING";
  return cluster::name_of(row.status.instance);
}

template <typename Timeline>
Timeline timeline_answer(const store::ClusterRow& row) {
  const cluster::Timeline& from = row.status.instance_timeline;
  const auto created = from.created ? from.created : row.status.timeline.created;
  Timeline out;
  if (created) out.set_creation_date_time(base::to_millis(*created));
  if (from.ready) out.set_ready_date_time(base::to_millis(*from.ready));
  const auto ended = from.ended ? from.ended : row.status.timeline.ended;
  if (ended) out.set_end_date_time(base::to_millis(*ended));
  return out;
}

wire::InstanceGroup group_answer(const store::ClusterRow& row) {
  const base::JsonObject& asked = master_group(row);
  wire::InstanceGroupStatus status;
  wire::InstanceGroupStateChangeReason reason;
  if (is_over(row)) reason.set_code("CLUSTER_TERMINATED").set_message("Job flow terminated");
  status.set_state(group_state(row))
      .set_state_change_reason(std::move(reason))
      .set_timeline(timeline_answer<wire::InstanceGroupTimeline>(row));
  wire::InstanceGroup out;
  out.set_id(row.wanted.group_id)
      .set_name(base::text_at(asked, "Name", "MASTER"))
      .set_market(base::text_at(asked, "Market", "ON_DEMAND"))
      .set_instance_group_type("MASTER")
      .set_instance_type(row.wanted.instance_type)
      .set_requested_instance_count(1)
      .set_running_instance_count(
          !is_over(row) && row.status.instance == InstanceState::kRunning ? 1 : 0)
      .set_status(std::move(status))
      .set_ebs_block_devices(block_devices(asked));
  const base::JsonArray* configurations = base::find_array(asked, "Configurations");
  const base::JsonArray own = configurations ? *configurations : base::JsonArray();
  out.set_configurations(own).set_configurations_version(0);
  out.set_last_successfully_applied_configurations(own)
      .set_last_successfully_applied_configurations_version(0);
  if (const auto bid = base::text_at(asked, "BidPrice"); !bid.empty()) out.set_bid_price(bid);
  const base::JsonObject* ebs = base::find_object(asked, "EbsConfiguration");
  if (ebs && base::bool_at(*ebs, "EbsOptimized")) out.set_ebs_optimized(true);
  out.raw()["ShrinkPolicy"] = base::JsonObject();
  return out;
}

wire::Instance instance_answer(const store::ClusterRow& row) {
  const cluster::Cluster as_cluster = row.as_cluster();
  wire::InstanceStatus status;
  wire::InstanceStateChangeReason reason;
  if (is_over(row)) reason.set_code("CLUSTER_TERMINATED").set_message("Instance was terminated.");
  status.set_state(cluster::name_of(row.status.instance))
      .set_state_change_reason(std::move(reason))
      .set_timeline(timeline_answer<wire::InstanceTimeline>(row));
  wire::Instance out;
  const std::string address = cluster::private_ip(as_cluster);
  out.set_id(cluster::cluster_instance_id(as_cluster))
      .set_ec2_instance_id(cluster::instance_id(as_cluster))
      .set_public_dns_name(cluster::public_dns(as_cluster))
      .set_public_ip_address("127.0.0.1")
      .set_private_dns_name(cluster::private_dns(as_cluster))
      .set_private_ip_address(address)
      .set_status(std::move(status))
      .set_instance_group_id(row.wanted.group_id)
      .set_market(base::text_at(master_group(row), "Market", "ON_DEMAND"))
      .set_instance_type(row.wanted.instance_type);
  out.set_ebs_volumes(base::JsonArray());
  return out;
}

bool wants(const std::vector<std::string>& filter, std::string_view value) {
  return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

base::Error uses_groups(std::string_view operation) {
  return invalid_request(fmt::format(
      "Instance fleets and instance groups are mutually exclusive. The EMR cluster specified in "
      "the request uses "
      "instance groups. The {} operation does not support clusters that use instance groups. Use "
      "the {} operation "
      "instead.",
      operation, operation == "ListInstanceFleets" ? "ListInstanceGroups" : "AddInstanceGroups"));
}

constexpr char kNoOtherNodes[] =
    "Clusters have a primary node only: core and task nodes cannot be run here yet, and the "
    "primary's group cannot be "
    "changed.";

}  // namespace

base::Result<wire::ListInstancesOutput> Emr::list_instances(const aws::Context& context,
                                                            const wire::ListInstancesInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  if (input.marker().value_or("") != "") return bad_marker();
  if (input.instance_fleet_id() || input.instance_fleet_type())
    return uses_groups("ListInstances by instance fleet");
  if (const auto group = input.instance_group_id(); group && *group != row.wanted.group_id) {
    return invalid_request(fmt::format("Instance group id '{}' is not valid.", *group),
                           "NoSuchInstanceGroup");
  }
  // A cluster that ended before the host took it on never had an instance.
  const bool never = is_over(row) && !row.status.node_wanted;
  const bool asked_for = wants(input.instance_group_types(), "MASTER") &&
                         wants(input.instance_states(), cluster::name_of(row.status.instance));
  std::vector<wire::Instance> found;
  if (!never && asked_for) found.push_back(instance_answer(row));
  wire::ListInstancesOutput out;
  out.set_instances(std::move(found));
  return out;
}

base::Result<wire::ListInstanceGroupsOutput> Emr::list_instance_groups(
    const aws::Context& context, const wire::ListInstanceGroupsInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  if (input.marker().value_or("") != "") return bad_marker();
  wire::ListInstanceGroupsOutput out;
  std::vector<wire::InstanceGroup> groups;
  groups.push_back(group_answer(row));
  out.set_instance_groups(std::move(groups));
  return out;
}

base::Result<wire::ListInstanceFleetsOutput> Emr::list_instance_fleets(
    const aws::Context& context, const wire::ListInstanceFleetsInput& input) {
  TRY(find_cluster(context, input.cluster_id()));
  return uses_groups("ListInstanceFleets");
}

base::Result<wire::AddInstanceGroupsOutput> Emr::add_instance_groups(
    const aws::Context& context, const wire::AddInstanceGroupsInput& input) {
  auto row = store_.cluster(key_of(context, input.job_flow_id()));
  if (!row.ok()) return of_job_flow(std::move(row).error(), input.job_flow_id());
  if (is_ending(row->wanted, row->status)) return may_not_be_modified();
  return validation(kNoOtherNodes);
}

base::Result<wire::AddInstanceFleetOutput> Emr::add_instance_fleet(
    const aws::Context& context, const wire::AddInstanceFleetInput& input) {
  TRY(find_cluster(context, input.cluster_id()));
  return uses_groups("AddInstanceFleet");
}

base::Result<wire::ModifyInstanceGroupsOutput> Emr::modify_instance_groups(
    const aws::Context& context, const wire::ModifyInstanceGroupsInput& input) {
  if (const auto id = input.cluster_id()) TRY(find_cluster(context, *id));
  return validation(kNoOtherNodes);
}

}  // namespace howdah::services::emr
