// Members of RunJobFlow that do not act here: those that promise something are refused, the others
// are accepted, echoed and named in a warning.

#include <fmt/format.h>

#include <algorithm>

#include "apps/configurations.h"
#include "services/emr/errors.h"
#include "services/emr/request_check.h"
#include "services/emr/volumes.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

struct Member {
  const char* name;
  const char* why;
};

constexpr Member kRefused[] = {
    {"SecurityConfiguration",
     "encryption, Kerberos and Lake Formation do not act on clusters here yet"},
    {"KerberosAttributes", "clusters are not kerberized here yet"},
    {"LogEncryptionKmsKeyId", "logs are not encrypted with AWS KMS keys here"},
    {"CustomAmiId", "nodes are not made of Amazon Machine Images here"},
    {"ManagedScalingPolicy", "clusters are not scaled by policies here yet"},
    {"SessionEnabled", "Spark Connect sessions cannot be started here yet"},
};

constexpr Member kWithoutEffect[] = {
    {"AdditionalInfo", "it selects features of Amazon's own that are not here"},
    {"AutoScalingRole", "instance groups are not scaled by policies yet"},
    {"EbsRootVolumeSize", "a node's disk is this host's"},
    {"EbsRootVolumeIops", "a node's disk is this host's"},
    {"EbsRootVolumeThroughput", "a node's disk is this host's"},
    {"RepoUpgradeOnBoot", "a node's packages are this host's"},
    {"PlacementGroupConfigs", "all nodes are on this host"},
    {"OSReleaseLabel", "a node's operating system is this host's"},
    {"ExtendedSupport", "it concerns Amazon's support"},
    {"MonitoringConfiguration", "there is no Amazon CloudWatch to send to; set LogUri for logs"},
};

constexpr Member kInstancesWithoutEffect[] = {
    {"Ec2SubnetId", "all nodes are in a network of this host"},
    {"Ec2SubnetIds", "all nodes are in a network of this host"},
    {"Placement", "all nodes are on this host"},
    {"HadoopVersion", "the release label decides it"},
    {"EmrManagedMasterSecurityGroup",
     "nodes are in a network of this host: no security group protects them"},
    {"EmrManagedSlaveSecurityGroup",
     "nodes are in a network of this host: no security group protects them"},
    {"ServiceAccessSecurityGroup",
     "nodes are in a network of this host: no security group protects them"},
    {"AdditionalMasterSecurityGroups",
     "nodes are in a network of this host: no security group protects them"},
    {"AdditionalSlaveSecurityGroups",
     "nodes are in a network of this host: no security group protects them"},
};

// Absent, false, "" and empty lists ask for nothing.
bool asks(const base::JsonObject& object, const char* name) {
  const base::Json* value = base::find(object, name);
  if (!value) return false;
  if (value->is_bool()) return value->get_bool();
  if (value->is_string()) return !value->get_string().empty();
  if (value->is_array()) return !value->get_array().empty();
  return true;
}

std::string sentence(std::string_view name, std::string_view why) {
  return fmt::format("{} is accepted without effect: {}.", name, why);
}

}  // namespace

base::Status check_refused_members(const wire::RunJobFlowInput& input) {
  for (const Member& member : kRefused) {
    if (asks(input.raw(), member.name))
      return validation(fmt::format("{} is refused: {}.", member.name, member.why));
  }
  return base::ok();
}

void group_without_effect(const base::JsonObject& group, std::vector<std::string>& out) {
  const auto add = [&](std::string_view name, std::string_view why) {
    std::string line = sentence(name, why);
    if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(std::move(line));
  };
  if (base::text_at(group, "Market") == "SPOT" || base::int_at(group, "TargetSpotCapacity") > 0) {
    add(base::find(group, "InstanceFleetType") ? "TargetSpotCapacity" : "Market SPOT",
        "there is no spot market; the instances are never taken away");
  }
  for (const char* name : {"LaunchSpecifications", "ResizeSpecifications"}) {
    if (asks(group, name)) add(name, "there is no market to launch instances from");
  }
  const auto volumes = [&](const base::JsonObject& config) {
    for (const base::Json& device : block_devices(config)) {
      const base::JsonObject* volume =
          base::find_object(device.get_object(), "VolumeSpecification");
      for (const char* name : {"Iops", "Throughput"}) {
        if (volume && asks(*volume, name)) add(name, "a volume is as fast as this host's disk");
      }
    }
  };
  volumes(group);
  if (const base::JsonArray* configs = base::find_array(group, "InstanceTypeConfigs")) {
    for (const base::Json& config : *configs) {
      if (config.is_object()) volumes(config.get_object());
    }
  }
}

std::vector<std::string> members_without_effect(const wire::RunJobFlowInput& input,
                                                const cluster::Wanted& wanted) {
  std::vector<std::string> out;
  for (const Member& member : kWithoutEffect) {
    if (asks(input.raw(), member.name)) out.push_back(sentence(member.name, member.why));
  }
  const wire::JobFlowInstancesConfig instances = input.instances();
  for (const Member& member : kInstancesWithoutEffect) {
    if (asks(instances.raw(), member.name)) out.push_back(sentence(member.name, member.why));
  }
  if (const std::string_view key = instances.ec2_key_name().value_or(""); !key.empty()) {
    out.push_back(
        fmt::format("Ec2KeyName {} lets in the public key that `howdah ssh-key {}` was "
                    "given, where sshd is installed on this host.",
                    key, key));
  }
  if (input.scale_down_behavior().value_or("") == "TERMINATE_AT_INSTANCE_HOUR") {
    out.push_back(sentence("ScaleDownBehavior TERMINATE_AT_INSTANCE_HOUR",
                           "instances leave when their tasks are done"));
  }
  if (instances.unhealthy_node_replacement().value_or(false))
    out.push_back(sentence("UnhealthyNodeReplacement", kUnhealthyNodes));
  for (const wire::InstanceGroupConfig& group : instances.instance_groups())
    group_without_effect(group.raw(), out);
  for (const wire::InstanceFleetConfig& fleet : instances.instance_fleets())
    group_without_effect(fleet.raw(), out);
  if (wanted.applications.empty()) {
    out.push_back(
        "No Applications were asked for; Amazon EMR would install Hadoop, which cannot be run here "
        "yet on this release: nothing is.");
  }
  if (const base::JsonArray* configurations = base::find_array(input.raw(), "Configurations")) {
    for (std::string& each : apps::configurations_without_effect(*configurations))
      out.push_back(std::move(each));
  }
  return out;
}

}  // namespace howdah::services::emr
