#include "services/emr/instance_answer.h"

#include <algorithm>

#include "services/emr/cluster_answer.h"
#include "services/emr/group_request.h"
#include "services/emr/volumes.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;
using cluster::GroupState;
using cluster::InstanceState;

constexpr char kOnDemand[] = "ON_DEMAND";
constexpr char kSpot[] = "SPOT";

template <typename Timeline>
Timeline timeline_answer(const cluster::Timeline& from) {
  Timeline out;
  if (from.created) out.set_creation_date_time(base::to_millis(*from.created));
  if (from.ready) out.set_ready_date_time(base::to_millis(*from.ready));
  if (from.ended) out.set_end_date_time(base::to_millis(*from.ended));
  return out;
}

template <typename Reason>
Reason reason_answer(const cluster::Reason& from) {
  Reason out;
  if (!from.code.empty()) out.set_code(from.code);
  out.set_message(from.message);
  return out;
}

// The states of a fleet are fewer than those of a group (InstanceFleetState).
const char* fleet_state(GroupState state) {
  switch (state) {
    case GroupState::kArrested:
      return cluster::name_of(GroupState::kSuspended);
    case GroupState::kShuttingDown:
      return cluster::name_of(GroupState::kTerminating);
    case GroupState::kEnded:
      return cluster::name_of(GroupState::kTerminated);
    default:
      return cluster::name_of(state);
  }
}

const base::JsonArray& array_in(const base::JsonObject& from, std::string_view name) {
  static const base::JsonArray kNone;
  const base::JsonArray* found = base::find_array(from, name);
  return found ? *found : kNone;
}

bool is_ebs_optimized(const base::JsonObject& config) {
  const base::JsonObject* ebs = base::find_object(config, "EbsConfiguration");
  return ebs && base::bool_at(*ebs, "EbsOptimized");
}

// The on-demand instances of a fleet are its oldest: of those that live, as many as its on-demand
// target comes to.
std::string_view market_of(const cluster::Group& group, const cluster::Node& node,
                           const std::vector<cluster::Node>& nodes,
                           const apps::InstanceTypes& types) {
  if (!group.fleet) return base::text_at(group.request, "Market", kOnDemand);
  const FleetShape shape = shape_of(group.request, types);
  if (shape.spot == 0) return kOnDemand;
  if (shape.on_demand == 0) return kSpot;
  const auto older = std::count_if(nodes.begin(), nodes.end(), [&](const cluster::Node& other) {
    return other.group_id == group.id && !is_over(other) && other.number < node.number;
  });
  return older < shape.on_demand ? kOnDemand : kSpot;
}

}  // namespace

cluster::GroupStatus status_of(const store::ClusterRow& row, const cluster::Group& group) {
  for (const cluster::GroupStatus& status : row.status.groups) {
    if (status.id == group.id) return status;
  }
  cluster::GroupStatus out;
  out.id = group.id;
  out.timeline.created = row.status.timeline.created;
  for (const cluster::Node& node : row.status.nodes) {
    if (node.group_id != group.id) continue;
    out.timeline = node.timeline;
    if (node.state == InstanceState::kBootstrapping) out.state = GroupState::kBootstrapping;
    if (node.state == InstanceState::kRunning) out.state = GroupState::kRunning;
  }
  if (out.timeline.ready) {
    out.applied_configurations = group.configurations;
    out.applied_version = group.configurations_version;
  }
  if (row.status.state == cluster::State::kTerminating) out.state = GroupState::kTerminating;
  if (cluster::is_terminal(row.status.state)) {
    out.state = GroupState::kTerminated;
    out.reason = {"CLUSTER_TERMINATED", "Job flow terminated"};
    if (!out.timeline.ended) out.timeline.ended = row.status.timeline.ended;
  }
  return out;
}

std::string public_address(const cluster::Node& node) {
  if (!node.public_address.empty()) return node.public_address;
  const bool known = node.state == InstanceState::kBootstrapping ||
                     node.state == InstanceState::kRunning ||
                     (node.state == InstanceState::kTerminated && node.timeline.ready);
  return known && node.address.empty() ? "localhost" : "";  // it shares this host's network
}

const cluster::Node* primary_in(const std::vector<cluster::Node>& nodes,
                                const std::vector<cluster::Group>& groups) {
  const cluster::Node* found = nullptr;
  for (const cluster::Node& node : nodes) {
    if (!groups.empty() && node.group_id == groups.front().id) found = &node;
  }
  return found;
}

int running_in(const std::vector<cluster::Node>& nodes, const cluster::Group& group) {
  return static_cast<int>(std::count_if(nodes.begin(), nodes.end(), [&](const cluster::Node& node) {
    return node.group_id == group.id && node.state == InstanceState::kRunning;
  }));
}

wire::InstanceGroup group_answer(const store::ClusterRow& row, const cluster::Group& group) {
  const cluster::GroupStatus is = status_of(row, group);
  wire::InstanceGroupStatus status;
  status.set_state(cluster::name_of(is.state))
      .set_state_change_reason(reason_answer<wire::InstanceGroupStateChangeReason>(is.reason))
      .set_timeline(timeline_answer<wire::InstanceGroupTimeline>(is.timeline));
  wire::InstanceGroup out;
  out.set_id(group.id)
      .set_name(group.name)
      .set_market(base::text_at(group.request, "Market", kOnDemand))
      .set_instance_group_type(cluster::name_of(group.role))
      .set_instance_type(group.instance_type)
      .set_requested_instance_count(group.count)
      .set_running_instance_count(running_in(row.status.nodes, group))
      .set_status(std::move(status))
      .set_configurations(group.configurations)
      .set_configurations_version(group.configurations_version)
      .set_last_successfully_applied_configurations(is.applied_configurations)
      .set_last_successfully_applied_configurations_version(is.applied_version)
      .set_ebs_block_devices(block_devices(group.request));
  if (const auto bid = base::text_at(group.request, "BidPrice"); !bid.empty())
    out.set_bid_price(bid);
  if (is_ebs_optimized(group.request)) out.set_ebs_optimized(true);
  base::JsonObject shrink;
  if (const base::JsonObject* asked = base::find_object(group.request, "ShrinkPolicy"))
    shrink = *asked;
  out.raw()["ShrinkPolicy"] = std::move(shrink);
  return out;
}

wire::InstanceFleet fleet_answer(const store::ClusterRow& row, const cluster::Group& fleet,
                                 const apps::InstanceTypes& types) {
  const cluster::GroupStatus is = status_of(row, fleet);
  wire::InstanceFleetStatus status;
  status.set_state(fleet_state(is.state))
      .set_state_change_reason(reason_answer<wire::InstanceFleetStateChangeReason>(is.reason))
      .set_timeline(timeline_answer<wire::InstanceFleetTimeline>(is.timeline));
  const std::vector<cluster::Node>& nodes = row.status.nodes;
  int64_t on_demand = 0, spot = 0;
  for (const cluster::Node& node : nodes) {
    if (node.group_id != fleet.id || node.state != InstanceState::kRunning) continue;
    const bool is_spot = market_of(fleet, node, nodes, types) == kSpot;
    (is_spot ? spot : on_demand) += weight_in(fleet.request, node.instance_type);
  }
  base::JsonArray specifications;
  for (const base::Json& item : array_in(fleet.request, "InstanceTypeConfigs")) {
    const base::JsonObject* config = item.if_object();
    if (!config) continue;
    base::JsonObject spec;
    for (const char* name : {"InstanceType", "BidPrice", "BidPriceAsPercentageOfOnDemandPrice",
                             "Configurations", "Priority"}) {
      copy_member(*config, spec, name);
    }
    spec["WeightedCapacity"] = weight_in(fleet.request, base::text_at(*config, "InstanceType"));
    if (!spec.contains("BidPrice") && !spec.contains("BidPriceAsPercentageOfOnDemandPrice"))
      spec["BidPriceAsPercentageOfOnDemandPrice"] = 100.0;
    spec["EbsBlockDevices"] = block_devices(*config);
    if (is_ebs_optimized(*config)) spec["EbsOptimized"] = true;
    specifications.push_back(std::move(spec));
  }
  wire::InstanceFleet out;
  out.set_id(fleet.id)
      .set_status(std::move(status))
      .set_instance_fleet_type(cluster::name_of(fleet.role))
      .set_target_on_demand_capacity(base::int_at(fleet.request, "TargetOnDemandCapacity"))
      .set_target_spot_capacity(base::int_at(fleet.request, "TargetSpotCapacity"))
      .set_provisioned_on_demand_capacity(on_demand)
      .set_provisioned_spot_capacity(spot)
      .set_instance_type_specifications(std::move(specifications));
  for (const char* name : {"Name", "LaunchSpecifications", "ResizeSpecifications", "Context"})
    copy_member(fleet.request, out.raw(), name);
  return out;
}

wire::Instance instance_answer(const store::ClusterRow& row, const cluster::Group& group,
                               const cluster::Node& node, const std::vector<cluster::Node>& nodes,
                               const apps::InstanceTypes& types) {
  const cluster::Cluster as_cluster = row.as_cluster();
  wire::InstanceStatus status;
  status.set_state(cluster::name_of(node.state))
      .set_state_change_reason(reason_answer<wire::InstanceStateChangeReason>(node.reason))
      .set_timeline(timeline_answer<wire::InstanceTimeline>(node.timeline));
  wire::Instance out;
  out.set_id(cluster::cluster_instance_id(as_cluster, node.number))
      .set_ec2_instance_id(node.instance_id)
      .set_status(std::move(status))
      .set_market(market_of(group, node, nodes, types))
      .set_instance_type(node.instance_type);
  if (const std::string address = public_address(node); !address.empty()) {
    out.set_public_dns_name(address).set_public_ip_address(address == "localhost" ? "127.0.0.1"
                                                                                  : address);
  }
  out.set_private_ip_address(cluster::private_ip(as_cluster, node))
      .set_private_dns_name(cluster::private_dns(as_cluster, node));
  group.fleet ? out.set_instance_fleet_id(group.id) : out.set_instance_group_id(group.id);
  out.set_ebs_volumes(volumes_answer(node.instance_id, group.volumes_gib.size()));
  return out;
}

wire::InstanceGroupDetail group_detail(const store::ClusterRow& row, const cluster::Group& group) {
  const cluster::GroupStatus is = status_of(row, group);
  wire::InstanceGroupDetail out;
  out.set_instance_group_id(group.id)
      .set_name(group.name)
      .set_market(base::text_at(group.request, "Market", kOnDemand))
      .set_instance_role(cluster::name_of(group.role))
      .set_instance_type(group.instance_type)
      .set_instance_request_count(group.count)
      .set_instance_running_count(running_in(row.status.nodes, group))
      .set_state(cluster::name_of(is.state));
  const auto created = is.timeline.created ? is.timeline.created : row.status.timeline.created;
  if (created) out.set_creation_date_time(base::to_millis(*created));
  if (is.timeline.created) out.set_start_date_time(base::to_millis(*is.timeline.created));
  if (is.timeline.ready) out.set_ready_date_time(base::to_millis(*is.timeline.ready));
  if (is.timeline.ended) out.set_end_date_time(base::to_millis(*is.timeline.ended));
  if (!is.reason.message.empty()) out.set_last_state_change_reason(is.reason.message);
  if (const auto bid = base::text_at(group.request, "BidPrice"); !bid.empty())
    out.set_bid_price(bid);
  return out;
}

}  // namespace howdah::services::emr
