#include <fmt/format.h>

#include <algorithm>

#include "services/emr/errors.h"
#include "services/emr/group_request.h"
#include "services/emr/request_check.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

// MasterInstanceType, SlaveInstanceType and InstanceCount as the groups that they stand for. All
// but one instance are core nodes; the slaves are of the master's type when nothing else is said.
base::Status groups_of_older(const wire::JobFlowInstancesConfig& instances,
                             const apps::InstanceTypes& types, cluster::Wanted& wanted) {
  const int64_t count = instances.instance_count().value_or(1);
  if (count < 1) return validation("Instance count must be greater than 0.");
  const auto master = instances.master_instance_type();
  if (!master) return validation("MasterInstanceType is required with InstanceCount.");
  const std::string_view slave = instances.slave_instance_type().value_or(*master);
  const auto add = [&](std::string_view role, std::string_view type, int64_t n) -> base::Status {
    const base::JsonObject asked{
        {"Name", role}, {"InstanceRole", role}, {"InstanceType", type}, {"InstanceCount", n}};
    wanted.groups.push_back(TRY(group_from(wire::InstanceGroupConfig(asked), types)));
    return base::ok();
  };
  TRY(add("MASTER", *master, 1));
  if (count > 1) return add("CORE", slave, count - 1);
  if (instances.slave_instance_type()) return check_type(slave, types);
  return base::ok();
}

base::Status read_groups(const wire::JobFlowInstancesConfig& instances,
                         const apps::InstanceTypes& types, cluster::Wanted& wanted) {
  for (const wire::InstanceGroupConfig& group : instances.instance_groups())
    wanted.groups.push_back(TRY(group_from(group, types)));
  for (const wire::InstanceFleetConfig& fleet : instances.instance_fleets())
    wanted.groups.push_back(TRY(fleet_from(fleet, types)));
  if (wanted.groups.empty()) TRY(groups_of_older(instances, types, wanted));
  TRY(check_roles_of(wanted.groups));
  std::stable_partition(
      wanted.groups.begin(), wanted.groups.end(),
      [](const cluster::Group& group) { return group.role == cluster::Role::kMaster; });
  return base::ok();
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
  if (!groups && !fleets && !older) {
    return validation(
        "No instances were asked for. Please configure instances using one and only one of the "
        "following: instance "
        "groups; instance fleets; instance count, master and slave instance type.");
  }
  return read_groups(instances, types, wanted);
}

}  // namespace howdah::services::emr
