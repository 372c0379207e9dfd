#include "services/emr/group_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "apps/configurations.h"
#include "base/text.h"
#include "services/emr/errors.h"
#include "services/emr/volumes.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

base::Status check_bid_price(std::string_view price, std::string_view of_what) {
  double value = 0;
  const auto [end, error] = std::from_chars(price.data(), price.data() + price.size(), value);
  if (error != std::errc() || end != price.data() + price.size())
    return validation(fmt::format("The bid price supplied for an instance {} is invalid", of_what));
  if (!(value > 0)) return validation("The bid price is negative or zero.");
  const size_t dot = price.find('.');
  if (dot != price.npos && price.size() - dot - 1 > 3)
    return validation("No more than 3 digits are allowed after decimal place in bid price");
  return base::ok();
}

base::Error no_machine_image() {
  return validation("CustomAmiId is refused: nodes are not made of Amazon Machine Images here.");
}

base::Status check_count(const wire::InstanceGroupConfig& asked) {
  const int64_t count = asked.instance_count();
  if (count < 1) return validation("An instance group must have at least one instance");
  if (asked.instance_role() == "MASTER" && count == 3)
    return validation("Three primary nodes cannot be run here yet: ask for one.");
  if (asked.instance_role() == "MASTER" && count != 1)
    return validation("A master instance group must specify a single instance");
  if (count > kMostInstances) {
    return validation(
        fmt::format("InstanceCount {} is not valid: a cluster has at most {} instances.", count,
                    kMostInstances));
  }
  return base::ok();
}

}  // namespace

base::Status check_type(std::string_view type, const apps::InstanceTypes& types) {
  if (types.find(type)) return base::ok();
  std::vector<std::string> names;
  for (const apps::InstanceType& known : types.all()) names.push_back(known.name);
  return validation(
      fmt::format("Instance type '{}' is not supported. Supported instance types: {}.", type,
                  base::list_of(names)));
}

base::Result<cluster::Group> group_from(const wire::InstanceGroupConfig& asked,
                                        const apps::InstanceTypes& types) {
  if (asked.auto_scaling_policy()) {
    return validation(
        "AutoScalingPolicy is refused: instance groups are not scaled by policies here yet. Resize "
        "them with ModifyInstanceGroups.");
  }
  if (asked.custom_ami_id().value_or("") != "") return no_machine_image();
  if (const auto price = asked.bid_price()) {
    if (asked.market().value_or("ON_DEMAND") != "SPOT")
      return validation("Attempted to set bid price for on demand instance group.");
    TRY(check_bid_price(*price, "group"));
  }
  TRY(check_count(asked));
  TRY(check_type(asked.instance_type(), types));
  cluster::Group out;
  out.role = cluster::role_of(asked.instance_role()).value_or(cluster::Role::kTask);
  out.name = asked.name().value_or(asked.instance_role());
  out.instance_type = asked.instance_type();
  out.count = static_cast<int>(asked.instance_count());
  out.request = asked.raw();
  out.volumes_gib = TRY(volumes_of(asked.ebs_configuration()));
  if (const base::JsonArray* own = base::find_array(asked.raw(), "Configurations")) {
    TRY(apps::check_configurations(*own));
    out.configurations = *own;
    out.configurations_version = own->empty() ? 0 : 1;
  }
  return out;
}

base::Status check_roles_of(const std::vector<cluster::Group>& groups) {
  size_t masters = 0, cores = 0, tasks = 0;
  int64_t instances = 0;
  const bool fleets = !groups.empty() && groups.front().fleet;
  for (const cluster::Group& group : groups) {
    instances += group.count;
    masters += group.role == cluster::Role::kMaster;
    cores += group.role == cluster::Role::kCore;
    tasks += group.role == cluster::Role::kTask;
  }
  const auto several = [](std::string_view role) {
    return validation(
        fmt::format("Multiple {} instance groups supplied, you must specify exactly "
                    "one {} instance group",
                    role, role));
  };
  if (masters > 1) return several("master");
  if (cores > 1) return several("core");
  if (fleets && tasks > 1) return several("task");
  if (masters == 0) {
    return validation(fleets ? "No master instance fleets were supplied; you must specify exactly "
                               "one master instance fleet. Revise the configuration and resubmit."
                             : "Zero master instance groups supplied, you must specify exactly one "
                               "master instance group");
  }
  if (tasks > 0 && cores == 0) {
    return validation(
        fleets ? "Clusters with task instance fleets must also define core instance fleets."
               : "Clusters with task nodes must also define core nodes.");
  }
  if (tasks > kMostTaskGroups) {
    return validation(
        fmt::format("A cluster has at most {} task instance groups; {} were supplied.",
                    kMostTaskGroups, tasks));
  }
  if (instances > kMostInstances) {
    return validation(fmt::format("A cluster has at most {} instances; {} were asked for.",
                                  kMostInstances, instances));
  }
  return base::ok();
}

void give_ids(std::vector<cluster::Group>& groups, base::Ids& ids) {
  for (cluster::Group& group : groups) {
    if (group.id.empty())
      group.id = (group.fleet ? "if-" : "ig-") + ids.token(base::kUpperAlnum, 13);
  }
}

// ---- fleets -------------------------------------------------------------------------------------

namespace {

constexpr size_t kMostTypes = 5;
constexpr size_t kMostTypesWithStrategy = 30;

base::Status check_minutes(std::string_view member, int64_t minutes, int64_t least, int64_t most) {
  if (minutes >= least && minutes <= most) return base::ok();
  return validation(fmt::format("{} {} is not valid: it must be from {} to {} minutes.", member,
                                minutes, least, most));
}

base::Status check_launch(const wire::InstanceFleetProvisioningSpecifications& launch) {
  const auto spot = launch.spot_specification();
  if (!spot) return base::ok();
  TRY(check_minutes("TimeoutDurationMinutes", spot->timeout_duration_minutes(), 5, 1440));
  if (const auto block = spot->block_duration_minutes()) {
    if (*block % 60 != 0 || *block < 60 || *block > 360) {
      return validation(
          fmt::format("BlockDurationMinutes {} is not valid: it must be 60, 120, 180, "
                      "240, 300 or 360.",
                      *block));
    }
  }
  return base::ok();
}

base::Status check_type_config(const wire::InstanceTypeConfig& asked, bool master,
                               std::string_view fleet, const apps::InstanceTypes& types) {
  TRY(check_type(asked.instance_type(), types));
  if (asked.custom_ami_id().value_or("") != "") return no_machine_image();
  const int64_t weight = asked.weighted_capacity().value_or(1);
  if (master && weight != 1) {
    return validation(
        "All instance types in the master instance fleet must have weighted capacity as 1. Revise "
        "the configuration and resubmit.");
  }
  if (weight < 1)
    return validation("Weighted capacity cannot be zero. Revise the configuration and resubmit.");
  if (const auto price = asked.bid_price()) {
    if (asked.bid_price_as_percentage_of_on_demand_price()) {
      return validation(fmt::format(
          "Specify at most one of bidPrice or bidPriceAsPercentageOfOnDemandPrice value "
          "for the Spot Instance fleet : {} request.",
          fleet));
    }
    TRY(check_bid_price(*price, "fleet"));
  }
  TRY(volumes_of(asked.ebs_configuration()));
  if (const base::JsonArray* own = base::find_array(asked.raw(), "Configurations"))
    TRY(apps::check_configurations(*own));
  return base::ok();
}

base::Status check_type_configs(const wire::InstanceFleetConfig& asked, std::string_view fleet,
                                const apps::InstanceTypes& types) {
  const auto launch = asked.launch_specifications();
  const bool strategy =
      launch &&
      (launch->on_demand_specification() ||
       (launch->spot_specification() && launch->spot_specification()->allocation_strategy()));
  const size_t most = strategy ? kMostTypesWithStrategy : kMostTypes;
  const auto configs = asked.instance_type_configs();
  if (configs.empty()) {
    return validation(fmt::format(
        "The instance fleet ({}) should have at least one instance type configuration.", fleet));
  }
  if (configs.size() > most) {
    return validation(
        fmt::format("The instance fleet: {} contains {} instance types; the maximum is "
                    "{}. Revise the configuration and resubmit.",
                    fleet, configs.size(), most));
  }
  std::vector<std::string_view> seen;
  for (const wire::InstanceTypeConfig& config : configs) {
    if (std::find(seen.begin(), seen.end(), config.instance_type()) != seen.end()) {
      return validation(
          fmt::format("The instance fleet: {} contains duplicate instance types [{}]. "
                      "Revise the configuration and resubmit.",
                      fleet, config.instance_type()));
    }
    seen.push_back(config.instance_type());
    TRY(check_type_config(config, asked.instance_fleet_type() == "MASTER", fleet, types));
  }
  return base::ok();
}

const base::JsonObject* type_config(const base::JsonObject& fleet, std::string_view type) {
  const base::JsonArray* configs = base::find_array(fleet, "InstanceTypeConfigs");
  if (!configs) return nullptr;
  for (const base::Json& item : *configs) {
    const base::JsonObject* config = item.if_object();
    if (config && base::text_at(*config, "InstanceType") == type) return config;
  }
  return nullptr;
}

bool is_prioritized(const base::JsonObject& fleet) {
  const base::JsonObject* launch = base::find_object(fleet, "LaunchSpecifications");
  if (!launch) return false;
  for (const auto& [member, strategy] :
       {std::pair("OnDemandSpecification", "prioritized"),
        std::pair("SpotSpecification", "capacity-optimized-prioritized")}) {
    const base::JsonObject* spec = base::find_object(*launch, member);
    if (spec && base::text_at(*spec, "AllocationStrategy") == strategy) return true;
  }
  return false;
}

}  // namespace

base::Status check_resize(const std::optional<wire::InstanceFleetResizingSpecifications>& asked) {
  if (!asked) return base::ok();
  for (const char* name : {"SpotResizeSpecification", "OnDemandResizeSpecification"}) {
    const base::JsonObject* spec = base::find_object(asked->raw(), name);
    if (spec && base::find(*spec, "TimeoutDurationMinutes")) {
      TRY(check_minutes("TimeoutDurationMinutes", base::int_at(*spec, "TimeoutDurationMinutes"), 5,
                        10080));
    }
  }
  return base::ok();
}

int64_t weight_in(const base::JsonObject& fleet, std::string_view instance_type) {
  const base::JsonObject* config = type_config(fleet, instance_type);
  return config ? std::max<int64_t>(1, base::int_at(*config, "WeightedCapacity", 1)) : 1;
}

FleetShape shape_of(const base::JsonObject& fleet, const apps::InstanceTypes& types) {
  FleetShape out;
  double best = 0;
  const bool prioritized = is_prioritized(fleet);
  const base::JsonArray* configs = base::find_array(fleet, "InstanceTypeConfigs");
  for (size_t i = 0; configs && i < configs->size(); ++i) {
    const base::JsonObject* config = (*configs)[i].if_object();
    if (!config) continue;
    const std::string name(base::text_at(*config, "InstanceType"));
    const int64_t weight = weight_in(fleet, name);
    const apps::InstanceType* type = types.find(name);
    const double price = type ? type->ec2_usd_per_hour + type->emr_usd_per_hour : 0;
    // One without a priority comes last.
    const double cost = prioritized ? base::double_at(*config, "Priority", 1e9)
                                    : price / static_cast<double>(weight);
    if (!out.instance_type.empty() && cost >= best) continue;
    best = cost;
    out.instance_type = name;
    out.weight = weight;
  }
  const auto instances = [&](const char* target) {
    const int64_t units = base::int_at(fleet, target);
    return static_cast<int>(std::min(kMostInstances + 1, (units + out.weight - 1) / out.weight));
  };
  out.on_demand = instances("TargetOnDemandCapacity");
  out.spot = instances("TargetSpotCapacity");
  return out;
}

base::Result<cluster::Group> fleet_from(const wire::InstanceFleetConfig& asked,
                                        const apps::InstanceTypes& types) {
  const std::string fleet(asked.name().value_or("null"));
  const bool master = asked.instance_fleet_type() == "MASTER";
  TRY(check_type_configs(asked, fleet, types));
  if (const auto launch = asked.launch_specifications()) TRY(check_launch(*launch));
  TRY(check_resize(asked.resize_specifications()));
  const int64_t target =
      asked.target_on_demand_capacity().value_or(0) + asked.target_spot_capacity().value_or(0);
  if (master && target != 1) {
    return validation(
        "A master instance fleet can only have a target capacity of 1. Revise the configuration "
        "and "
        "resubmit.");
  }
  if (target < 1) {
    return validation(
        fmt::format("The instance fleet ({}) should have a value of one or greater for "
                    "either targetOnDemandCapacity or targetSpotCapacity.",
                    fleet));
  }
  const FleetShape shape = shape_of(asked.raw(), types);
  cluster::Group out;
  out.fleet = true;
  out.role = cluster::role_of(asked.instance_fleet_type()).value_or(cluster::Role::kTask);
  out.name = asked.name().value_or("");
  out.instance_type = shape.instance_type;
  out.count = shape.count();
  out.request = asked.raw();
  const wire::InstanceTypeConfig chosen(*type_config(asked.raw(), shape.instance_type));
  out.volumes_gib = TRY(volumes_of(chosen.ebs_configuration()));
  if (const base::JsonArray* own = base::find_array(chosen.raw(), "Configurations")) {
    out.configurations = *own;
    out.configurations_version = own->empty() ? 0 : 1;
  }
  return out;
}

}  // namespace howdah::services::emr
