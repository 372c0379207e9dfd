#include "cli/nodes.h"

#include <algorithm>

#include "base/text.h"

namespace howdah::cli {

namespace {

const base::JsonObject& child(const base::JsonObject& object, std::string_view key) {
  static const base::JsonObject kEmpty;
  const base::JsonObject* found = base::find_object(object, key);
  return found == nullptr ? kEmpty : *found;
}

std::string message_of(const base::JsonObject& status) {
  return std::string(base::text_at(child(status, "StateChangeReason"), "Message"));
}

GroupRow group_of(const base::JsonObject& group) {
  const base::JsonObject& status = child(group, "Status");
  GroupRow row;
  row.id = base::text_at(group, "Id");
  row.role = base::text_at(group, "InstanceGroupType");
  row.type = base::text_at(group, "InstanceType");
  row.state = base::text_at(status, "State");
  row.reason = message_of(status);
  row.running = base::int_at(group, "RunningInstanceCount");
  row.wanted = base::int_at(group, "RequestedInstanceCount");
  return row;
}

GroupRow fleet_of(const base::JsonObject& fleet) {
  GroupRow row = group_of(fleet);
  row.role = base::text_at(fleet, "InstanceFleetType");
  row.running = base::int_at(fleet, "ProvisionedOnDemandCapacity") +
                base::int_at(fleet, "ProvisionedSpotCapacity");
  row.wanted =
      base::int_at(fleet, "TargetOnDemandCapacity") + base::int_at(fleet, "TargetSpotCapacity");
  if (const base::JsonArray* types = base::find_array(fleet, "InstanceTypeSpecifications")) {
    for (const base::Json& type : *types) {
      if (!type.is_object()) continue;
      row.type += row.type.empty() ? "" : ",";
      row.type += base::text_at(type.get_object(), "InstanceType");
    }
  }
  return row;
}

NodeRow node_of(const base::JsonObject& instance, const std::vector<GroupRow>& groups) {
  const base::JsonObject& status = child(instance, "Status");
  NodeRow row;
  row.id = base::text_at(instance, "Ec2InstanceId");
  row.group =
      base::text_at(instance, "InstanceGroupId", base::text_at(instance, "InstanceFleetId"));
  row.type = base::text_at(instance, "InstanceType");
  row.state = base::text_at(status, "State");
  row.address = base::text_at(instance, "PublicDnsName");
  row.reason = message_of(status);
  for (const GroupRow& group : groups) {
    if (group.id == row.group) row.role = group.role;
  }
  return row;
}

base::Result<std::vector<std::string>> warnings_of(Api& api, const std::string& cluster_id) {
  std::vector<std::string> out;
  int64_t after = 0;
  for (;;) {
    const base::JsonObject page = TRY(api.howdah(
        "GET", "/_howdah/clusters/" + cluster_id + "/events?after=" + std::to_string(after)));
    const base::JsonArray* events = base::find_array(page, "Events");
    if (events == nullptr || events->empty()) return out;
    for (const base::Json& item : *events) {
      const base::JsonObject* event = item.if_object();
      if (event == nullptr) continue;
      after = std::max(after, base::int_at(*event, "Id"));
      if (base::text_at(*event, "Kind") != "warning") continue;
      for (std::string_view line : base::split(base::text_at(*event, "Message"), '\n')) {
        if (std::find(out.begin(), out.end(), line) == out.end()) out.emplace_back(line);
      }
    }
  }
}

}  // namespace

base::Result<NodesView> look_at_nodes(Api& api, const std::string& cluster_id) {
  const base::JsonObject of{{"ClusterId", cluster_id}};
  const base::JsonObject described = TRY(api.emr("DescribeCluster", of));
  const bool fleets =
      base::text_at(child(described, "Cluster"), "InstanceCollectionType") == "INSTANCE_FLEET";
  NodesView out;
  const base::JsonArray groups =
      TRY(fleets ? api.emr_all("ListInstanceFleets", of, "InstanceFleets")
                 : api.emr_all("ListInstanceGroups", of, "InstanceGroups"));
  for (const base::Json& group : groups) {
    if (group.is_object())
      out.groups.push_back(fleets ? fleet_of(group.get_object()) : group_of(group.get_object()));
  }
  base::JsonObject living = of;
  living["InstanceStates"] =
      base::JsonArray{"AWAITING_FULFILLMENT", "PROVISIONING", "BOOTSTRAPPING", "RUNNING"};
  const base::JsonArray instances = TRY(api.emr_all("ListInstances", living, "Instances"));
  for (const base::Json& instance : instances) {
    if (instance.is_object()) out.nodes.push_back(node_of(instance.get_object(), out.groups));
  }
  out.warnings = TRY(warnings_of(api, cluster_id));
  return out;
}

base::JsonObject to_json(const GroupRow& group) {
  return {{"Id", group.id},        {"Role", group.role},     {"Type", group.type},
          {"State", group.state},  {"Reason", group.reason}, {"Running", group.running},
          {"Wanted", group.wanted}};
}

base::JsonObject to_json(const NodeRow& node) {
  return {{"Id", node.id},        {"Group", node.group}, {"Role", node.role},
          {"Type", node.type},    {"State", node.state}, {"Address", node.address},
          {"Reason", node.reason}};
}

}  // namespace howdah::cli
