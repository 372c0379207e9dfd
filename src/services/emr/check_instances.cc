#include <fmt/format.h>

#include "apps/configurations.h"
#include "services/emr/errors.h"
#include "services/emr/request_check.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

base::Error only_a_primary(const std::string& asked) {
  return validation(
      fmt::format("{} asked for: clusters have a primary node only, core and task nodes cannot be "
                  "run here yet. Ask for one "
                  "instance (--instance-count 1, or a MASTER instance group alone).",
                  asked));
}

base::Status check_type(std::string_view type, const apps::InstanceTypes& types) {
  if (types.find(type)) return base::ok();
  std::vector<std::string> names;
  for (const apps::InstanceType& known : types.all()) names.push_back(known.name);
  return validation(fmt::format(
      "Instance type '{}' is not supported. Supported instance types: {}.", type, list_of(names)));
}

std::string plural(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{} {}", count, noun, count == 1 ? "" : "s", count == 1 ? "was" : "were");
}

base::Status check_group(const wire::InstanceGroupConfig& group) {
  if (group.auto_scaling_policy()) {
    return validation("AutoScalingPolicy is refused: instance groups cannot be scaled here yet.");
  }
  if (group.custom_ami_id().value_or("") != "") {
    return validation("CustomAmiId is refused: nodes are not made of Amazon Machine Images here.");
  }
  if (group.bid_price() && group.market().value_or("ON_DEMAND") != "SPOT") {
    return validation("Attempted to set bid price for on demand instance group.");
  }
  if (group.instance_count() < 1)
    return validation("An instance group must have at least one instance");
  return base::ok();
}

base::Status check_groups(const aws::Views<wire::InstanceGroupConfig>& groups,
                          const apps::InstanceTypes& types, cluster::Wanted& wanted) {
  size_t masters = 0;
  for (const wire::InstanceGroupConfig& group : groups) {
    TRY(check_group(group));
    if (group.instance_role() != "MASTER") {
      return only_a_primary(plural(group.instance_count(),
                                   group.instance_role() == "CORE" ? "core node" : "task node"));
    }
    if (++masters > 1) {
      return validation(
          "Multiple master instance groups supplied, you must specify exactly one master instance "
          "group");
    }
    if (group.instance_count() == 3) {
      return validation("Three primary nodes cannot be run here yet: ask for one.");
    }
    if (group.instance_count() != 1) {
      return validation("A master instance group must specify a single instance");
    }
    TRY(check_type(group.instance_type(), types));
    wanted.instance_type = group.instance_type();
    if (const base::JsonArray* own = base::find_array(group.raw(), "Configurations")) {
      TRY(apps::check_configurations(*own));
      for (const base::Json& item : *own)
        wanted.configurations.push_back(item);  // later entries win
    }
  }
  if (masters == 0) {
    return validation(
        "Zero master instance groups supplied, you must specify exactly one master instance group");
  }
  return base::ok();
}

base::Status check_fleets(const aws::Views<wire::InstanceFleetConfig>& fleets) {
  for (const wire::InstanceFleetConfig& fleet : fleets) {
    if (fleet.instance_fleet_type() == "MASTER") continue;
    return only_a_primary(fmt::format("A {} instance fleet was",
                                      fleet.instance_fleet_type() == "CORE" ? "core" : "task"));
  }
  return validation(
      "Instance fleets cannot be run here yet: ask for a MASTER instance group of one instance "
      "instead.");
}

}  // namespace

base::Status check_instances(const wire::RunJobFlowInput& input, const apps::InstanceTypes& types,
                             cluster::Wanted& wanted) {
  const wire::JobFlowInstancesConfig instances = input.instances();
  const bool groups = !instances.instance_groups().empty();
  const bool fleets = !instances.instance_fleets().empty();
  const bool older = instances.master_instance_type() || instances.slave_instance_type() ||
                     instances.instance_count();
  if (groups + fleets + older > 1) {
    return validation(
        "Please configure instances using one and only one of the following: instance groups; "
        "instance fleets; "
        "instance count, master and slave instance type.");
  }
  if (instances.ec2_subnet_id() && !instances.ec2_subnet_ids().empty()) {
    return validation("Please specify either Ec2SubnetId or Ec2SubnetIds, not both.");
  }
  if (!fleets && instances.ec2_subnet_ids().size() > 1) {
    return validation(
        "Only one subnet may be specified for clusters configured with instance groups or instance "
        "count, master and "
        "slave instance type. Revise the configuration and resubmit.");
  }
  if (instances.emr_managed_master_security_group().has_value() !=
      instances.emr_managed_slave_security_group().has_value()) {
    return validation(
        "EmrManagedMasterSecurityGroup and EmrManagedSlaveSecurityGroup must be specified "
        "together.");
  }
  if (fleets) return check_fleets(instances.instance_fleets());
  if (groups) return check_groups(instances.instance_groups(), types, wanted);
  if (!older) {
    return validation(
        "No instances were asked for. Please configure instances using one and only one of the "
        "following: instance "
        "groups; instance fleets; instance count, master and slave instance type.");
  }
  const int64_t count = instances.instance_count().value_or(1);
  if (count < 1) return validation("An instance group must have at least one instance");
  if (count > 1) return only_a_primary(fmt::format("{} instances were", count));
  if (!instances.master_instance_type())
    return validation("MasterInstanceType is required with InstanceCount.");
  TRY(check_type(*instances.master_instance_type(), types));
  wanted.instance_type = *instances.master_instance_type();
  return base::ok();
}

}  // namespace howdah::services::emr
