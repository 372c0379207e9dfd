#include "services/emr/resize.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/configurations.h"
#include "services/emr/errors.h"
#include "services/emr/group_request.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;
using cluster::Role;

bool contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Instances of the group that have not ended, the newest first.
std::vector<std::string> living_in(const cluster::Status& status, const cluster::Group& group) {
  std::vector<std::string> out;
  for (auto node = status.nodes.rbegin(); node != status.nodes.rend(); ++node) {
    if (node->group_id == group.id && !is_over(*node)) out.push_back(node->instance_id);
  }
  return out;
}

base::Status check_members(const std::vector<std::string>& ids,
                           const std::vector<std::string>& living, const cluster::Group& group) {
  for (const std::string& id : ids) {
    if (contains(living, id)) continue;
    return validation(
        fmt::format("Instance {} is not a running instance of instance group {}.", id, group.id));
  }
  return base::ok();
}

base::Status check_size(int64_t count, const cluster::Group& group, const cluster::Wanted& wanted,
                        const cluster::Status& status) {
  if (count < 0) {
    return validation(
        fmt::format("InstanceCount {} is not valid: it must not be negative.", count));
  }
  int64_t all = count - group.count;
  for (const cluster::Group& each : wanted.groups) all += each.count;
  if (all > kMostInstances) {
    return validation(fmt::format("A cluster has at most {} instances; {} would be wanted.",
                                  kMostInstances, all));
  }
  if (group.role != Role::kCore || count >= group.count) return base::ok();
  if (count < 1) {
    return validation(
        fmt::format("A core instance {} must have at least one instance: HDFS is kept on it.",
                    group.fleet ? "fleet" : "group"));
  }
  const int copies = cluster::replication_of({{}, wanted, status, {}});
  if (count >= copies) return base::ok();
  return validation(fmt::format(
      "The core instance {} {} cannot be resized to {} instance{}: HDFS keeps {} copies "
      "of each block (dfs.replication), so at least {} core instances are needed.",
      group.fleet ? "fleet" : "group", group.id, count, count == 1 ? "" : "s", copies, copies));
}

struct Shrink {
  std::vector<std::string> leave, protect;
  std::optional<int64_t> seconds;  // of those that are named
};

base::Result<Shrink> shrink_of(const wire::InstanceGroupModifyConfig& asked) {
  Shrink out;
  out.leave = asked.ec2_instance_ids_to_terminate();
  const auto policy = asked.shrink_policy();
  if (!policy) return out;
  if (const auto seconds = policy->decommission_timeout(); seconds && *seconds < 0) {
    return validation(
        fmt::format("DecommissionTimeout {} is not valid: it must not be negative.", *seconds));
  }
  const auto instances = policy->instance_resize_policy();
  if (!instances) return out;
  for (std::string& id : instances->instances_to_terminate()) {
    if (!contains(out.leave, id)) out.leave.push_back(std::move(id));
  }
  out.protect = instances->instances_to_protect();
  out.seconds = instances->instance_termination_timeout();
  if (out.seconds && *out.seconds < 0) {
    return validation(fmt::format(
        "InstanceTerminationTimeout {} is not valid: it must not be negative.", *out.seconds));
  }
  for (const std::string& id : out.protect) {
    if (contains(out.leave, id)) {
      return validation(
          fmt::format("Instance {} cannot be both terminated and protected by one resize.", id));
    }
  }
  return out;
}

// Who leaves first, when some are named or protected.
base::Result<std::vector<std::string>> leaving(const Shrink& shrink,
                                               const std::vector<std::string>& living,
                                               int64_t decrease, const cluster::Group& group) {
  std::vector<std::string> out = shrink.leave;
  if (shrink.protect.empty()) return out;
  for (const std::string& id : living) {
    if (static_cast<int64_t>(out.size()) >= decrease) break;
    if (!contains(out, id) && !contains(shrink.protect, id)) out.push_back(id);
  }
  if (static_cast<int64_t>(out.size()) < decrease) {
    return validation(
        fmt::format("Instance group {} cannot lose {} instances: too many of them are protected.",
                    group.id, decrease));
  }
  return out;
}

base::Status resize(const wire::InstanceGroupModifyConfig& asked, cluster::Group& group,
                    const cluster::Wanted& wanted, const cluster::Status& status) {
  if (group.role == Role::kMaster)
    return validation("A master instance group may not be modified.");
  const Shrink shrink = TRY(shrink_of(asked));
  const std::vector<std::string> living = living_in(status, group);
  TRY(check_members(shrink.leave, living, group));
  TRY(check_members(shrink.protect, living, group));
  const size_t named = asked.ec2_instance_ids_to_terminate().size();
  const int64_t count = asked.instance_count().value_or(group.count - static_cast<int64_t>(named));
  TRY(check_size(count, group, wanted, status));
  const int64_t decrease = group.count - count;
  if (named > 0 && static_cast<int64_t>(named) != decrease) {
    return validation(fmt::format(
        "EC2InstanceIdsToTerminate names {} instances, but instance group {} goes from {} to {} "
        "instances.",
        named, group.id, group.count, count));
  }
  if (static_cast<int64_t>(shrink.leave.size()) > std::max<int64_t>(decrease, 0)) {
    return validation(fmt::format(
        "{} instances are named to be terminated, but instance group {} goes from {} to {} "
        "instances.",
        shrink.leave.size(), group.id, group.count, count));
  }
  group.leave_first = TRY(leaving(shrink, living, decrease, group));
  if (asked.shrink_policy()) group.request["ShrinkPolicy"] = asked.shrink_policy()->raw();
  group.decommission_seconds.reset();
  const base::JsonObject* policy = base::find_object(group.request, "ShrinkPolicy");
  if (policy && base::find(*policy, "DecommissionTimeout"))
    group.decommission_seconds = base::int_at(*policy, "DecommissionTimeout");
  if (shrink.seconds && !shrink.leave.empty()) group.decommission_seconds = shrink.seconds;
  group.count = static_cast<int>(count);
  return base::ok();
}

base::Status reconfigure(const wire::InstanceGroupModifyConfig& asked, cluster::Group& group) {
  const base::JsonArray* added = base::find_array(asked.raw(), "Configurations");
  if (!added) return validation("ReconfigurationType is given, but Configurations is not.");
  TRY(apps::check_configurations(*added));
  const bool merge = asked.reconfiguration_type().value_or("OVERWRITE") == "MERGE";
  group.configurations = merge ? merged(group.configurations, *added) : *added;
  ++group.configurations_version;
  return base::ok();
}

}  // namespace

base::JsonArray merged(const base::JsonArray& before, const base::JsonArray& added) {
  base::JsonArray out = before;
  for (const base::Json& item : added) {
    const base::JsonObject* config = item.if_object();
    if (!config) continue;
    const std::string_view name = base::text_at(*config, "Classification");
    const auto same = std::find_if(out.begin(), out.end(), [&](const base::Json& each) {
      return each.is_object() && base::text_at(each.get_object(), "Classification") == name;
    });
    if (same == out.end()) {
      out.push_back(item);
      continue;
    }
    base::JsonObject& target = same->get_object();
    if (const base::JsonObject* properties = base::find_object(*config, "Properties")) {
      base::JsonObject all;
      if (const base::JsonObject* old = base::find_object(target, "Properties")) all = *old;
      for (const auto& [key, value] : *properties) all[key] = value;
      target["Properties"] = std::move(all);
    }
    if (const base::JsonArray* nested = base::find_array(*config, "Configurations")) {
      const base::JsonArray* old = base::find_array(target, "Configurations");
      target["Configurations"] = merged(old ? *old : base::JsonArray(), *nested);
    }
  }
  return out;
}

base::Status modify_group(const wire::InstanceGroupModifyConfig& asked, cluster::Group& group,
                          const cluster::Wanted& wanted, const cluster::Status& status) {
  const bool resizes = asked.instance_count() || asked.shrink_policy() ||
                       !asked.ec2_instance_ids_to_terminate().empty();
  const bool configures = asked.configurations().present() || asked.reconfiguration_type();
  if (!resizes && !configures) {
    return validation(
        fmt::format("Nothing of instance group {} is to be modified: give an "
                    "InstanceCount, EC2InstanceIdsToTerminate, a ShrinkPolicy or "
                    "Configurations.",
                    group.id));
  }
  if (resizes) TRY(resize(asked, group, wanted, status));
  if (configures) TRY(reconfigure(asked, group));
  ++group.resize_serial;
  return base::ok();
}

base::Status modify_fleet(const wire::InstanceFleetModifyConfig& asked, cluster::Group& fleet,
                          const cluster::Wanted& wanted, const cluster::Status& status,
                          const apps::InstanceTypes& types) {
  if (fleet.role == Role::kMaster)
    return validation("A master instance fleet may not be modified.");
  const auto on_demand = asked.target_on_demand_capacity(), spot = asked.target_spot_capacity();
  if (on_demand.has_value() != spot.has_value()) {
    return validation(
        fmt::format("The instance fleet ({}) should have both targetOnDemandCapacity "
                    "and targetSpotCapacity specified.",
                    fleet.id));
  }
  TRY(check_resize(asked.resize_specifications()));
  base::JsonObject request = fleet.request;
  if (on_demand) {
    request["TargetOnDemandCapacity"] = *on_demand;
    request["TargetSpotCapacity"] = *spot;
  }
  if (const auto specs = asked.resize_specifications())
    request["ResizeSpecifications"] = specs->raw();
  if (const auto context = asked.context()) request["Context"] = *context;
  if (asked.instance_type_configs().present())
    request["InstanceTypeConfigs"] = *base::find_array(asked.raw(), "InstanceTypeConfigs");
  // The configurations are checked as those of a new fleet; without an instance it is no fleet.
  base::JsonObject as_new = request;
  if (on_demand && *on_demand + *spot == 0) as_new["TargetOnDemandCapacity"] = 1;
  const cluster::Group made = TRY(fleet_from(wire::InstanceFleetConfig(as_new), types));
  const FleetShape shape = shape_of(request, types);
  if (fleet.count > 0 && (made.instance_type != fleet.instance_type ||
                          shape.weight != weight_in(fleet.request, fleet.instance_type))) {
    return validation(fmt::format(
        "InstanceTypeConfigs of instance fleet {} cannot be changed so that it would be made of {} "
        "instead of {}: a fleet is of one type here while it has instances.",
        fleet.id, made.instance_type, fleet.instance_type));
  }
  TRY(check_size(shape.count(), fleet, wanted, status));
  fleet.instance_type = made.instance_type;
  fleet.volumes_gib = made.volumes_gib;
  fleet.count = shape.count();
  fleet.leave_first.clear();
  fleet.request = std::move(request);
  ++fleet.resize_serial;
  return base::ok();
}

}  // namespace howdah::services::emr
