// Members of RunJobFlow that do not act here: those that promise something are refused, the others
// are accepted, echoed and named in a warning.

#include <fmt/format.h>

#include <algorithm>

#include "apps/configurations.h"
#include "services/emr/errors.h"
#include "services/emr/request_check.h"

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
    {"ManagedScalingPolicy", "clusters have a primary node only, so there is nothing to scale yet"},
    {"SessionEnabled", "Spark Connect sessions cannot be started here yet"},
};

constexpr Member kWithoutEffect[] = {
    {"AdditionalInfo", "it selects features of Amazon's own that are not here"},
    {"AutoScalingRole", "nothing is scaled yet"},
    {"ScaleDownBehavior", "nothing is scaled yet"},
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
    {"Ec2KeyName", "no key pair is installed on a node"},
    {"Ec2SubnetId", "a node shares this host's network"},
    {"Ec2SubnetIds", "a node shares this host's network"},
    {"Placement", "all nodes are on this host"},
    {"HadoopVersion", "the release label decides it"},
    {"EmrManagedMasterSecurityGroup",
     "a node shares this host's network: no security group protects it"},
    {"EmrManagedSlaveSecurityGroup",
     "a node shares this host's network: no security group protects it"},
    {"ServiceAccessSecurityGroup",
     "a node shares this host's network: no security group protects it"},
    {"AdditionalMasterSecurityGroups",
     "a node shares this host's network: no security group protects it"},
    {"AdditionalSlaveSecurityGroups",
     "a node shares this host's network: no security group protects it"},
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

std::vector<std::string> members_without_effect(const wire::RunJobFlowInput& input) {
  std::vector<std::string> out;
  for (const Member& member : kWithoutEffect) {
    if (asks(input.raw(), member.name)) out.push_back(sentence(member.name, member.why));
  }
  const wire::JobFlowInstancesConfig instances = input.instances();
  for (const Member& member : kInstancesWithoutEffect) {
    if (asks(instances.raw(), member.name)) out.push_back(sentence(member.name, member.why));
  }
  if (instances.unhealthy_node_replacement().value_or(false)) {
    out.push_back(sentence("UnhealthyNodeReplacement", "there are no core nodes yet"));
  }
  for (const wire::InstanceGroupConfig& group : instances.instance_groups()) {
    if (group.market().value_or("") == "SPOT") {
      out.push_back(
          sentence("Market SPOT", "there is no spot market; the node is never taken away"));
    }
    if (group.ebs_configuration())
      out.push_back(sentence("EbsConfiguration", "a node's disk is this host's"));
  }
  if (input.applications().empty()) {
    out.push_back(
        "No Applications were asked for; Amazon EMR would install Hadoop, which cannot be run here "
        "yet: nothing is.");
  }
  if (const base::JsonArray* configurations = base::find_array(input.raw(), "Configurations")) {
    for (std::string& each : apps::configurations_without_effect(*configurations))
      out.push_back(std::move(each));
  }
  return out;
}

}  // namespace howdah::services::emr
