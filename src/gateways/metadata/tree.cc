#include "gateways/metadata/tree.h"

#include <fmt/format.h>

#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

namespace howdah::gateways {
namespace {

// An id as AWS's look, always the same for the same text.
std::string id_of(std::string_view prefix, std::string_view text) {
  return fmt::format("{}-{}", prefix, base::sha256_hex(text).substr(0, 17));
}

// Locally administered, made from the instance's id.
std::string mac_of(std::string_view instance_id) {
  const std::string hex = base::sha256_hex(instance_id);
  std::string out = "02";
  for (size_t i = 0; i < 10; i += 2) out += ":" + hex.substr(i, 2);
  return out;
}

// 2024-05-06T07:08:09Z: EC2 gives whole seconds.
std::string seconds_of(base::Time time) { return base::to_iso8601(time).substr(0, 19) + "Z"; }

std::string first_zone(const base::JsonObject& instances, const std::string& region) {
  if (const base::JsonObject* placement = base::find_object(instances, "Placement")) {
    const std::vector<std::string> zones = base::texts_at(*placement, "AvailabilityZones");
    if (!zones.empty()) return zones[0];
    if (const auto zone = base::text_at(*placement, "AvailabilityZone"); !zone.empty())
      return std::string(zone);
  }
  return region + "a";
}

void add_network(const InstanceFacts& f, MetadataTree& tree) {
  const std::string at = "meta-data/network/interfaces/macs/" + f.mac + "/";
  tree[at + "device-number"] = "0";
  tree[at + "interface-id"] = f.interface_id;
  tree[at + "local-hostname"] = f.hostname;
  tree[at + "local-ipv4s"] = f.address;
  tree[at + "mac"] = f.mac;
  tree[at + "owner-id"] = f.account;
  if (!f.public_address.empty()) {
    tree[at + "public-hostname"] = f.public_address;
    tree[at + "public-ipv4s"] = f.public_address;
  }
  tree[at + "security-group-ids"] = f.security_group_id;
  tree[at + "security-groups"] = f.security_group;
  tree[at + "subnet-id"] = f.subnet_id;
  if (!f.subnet_cidr.empty()) {
    tree[at + "subnet-ipv4-cidr-block"] = f.subnet_cidr;
    tree[at + "vpc-ipv4-cidr-block"] = f.subnet_cidr;
    tree[at + "vpc-ipv4-cidr-blocks"] = f.subnet_cidr;
  }
  tree[at + "vpc-id"] = f.vpc_id;
}

void add_role(const InstanceFacts& f, MetadataTree& tree) {
  if (f.role.empty()) return;
  tree["meta-data/iam/info"] = ec2_json({{"Code", "Success"},
                                         {"LastUpdated", seconds_of(f.launched)},
                                         {"InstanceProfileArn", f.profile_arn},
                                         {"InstanceProfileId", f.profile_id}});
  tree["meta-data/iam/security-credentials/" + f.role] = "";
}

void add_ssh_keys(const InstanceFacts& f, MetadataTree& tree) {
  for (size_t i = 0; i < f.ssh_keys.size(); ++i)
    tree[fmt::format("{}/{}/openssh-key", kPublicKeys, i)] = f.ssh_keys[i].second;
}

std::string identity_document(const InstanceFacts& f) {
  return ec2_json({{"accountId", f.account},
                   {"architecture", "x86_64"},
                   {"availabilityZone", f.zone},
                   {"billingProducts", std::nullopt},
                   {"devpayProductCodes", std::nullopt},
                   {"marketplaceProductCodes", std::nullopt},
                   {"imageId", f.image_id},
                   {"instanceId", f.instance_id},
                   {"instanceType", f.instance_type},
                   {"kernelId", std::nullopt},
                   {"pendingTime", seconds_of(f.launched)},
                   {"privateIp", f.address},
                   {"ramdiskId", std::nullopt},
                   {"region", f.region},
                   {"version", "2017-09-30"}});
}

}  // namespace

InstanceFacts facts_of(const store::ClusterRow& row, const cluster::Node& node) {
  static const base::JsonObject kNone;
  const base::JsonObject* found = base::find_object(row.request, "Instances");
  const base::JsonObject& instances = found ? *found : kNone;
  const cluster::Group* group = cluster::group_of(row.wanted, node.group_id);
  const bool primary = !group || group->role == cluster::Role::kMaster;
  InstanceFacts f;
  f.account = row.key.account;
  f.region = row.key.region;
  f.zone = first_zone(instances, f.region);
  f.instance_id = node.instance_id;
  f.instance_type = node.instance_type;
  f.launch_index = node.number;
  f.image_id = id_of("ami", row.wanted.release_label);
  f.reservation_id = id_of("r", row.key.id);
  f.address = node.address.empty() ? "127.0.0.1" : node.address;
  f.hostname = cluster::private_dns(row.key, f.address);
  f.public_address = node.public_address;
  f.mac = mac_of(node.instance_id);
  f.interface_id = id_of("eni", node.instance_id);
  const std::vector<std::string> subnets = base::texts_at(instances, "Ec2SubnetIds");
  f.subnet_id = base::text_at(instances, "Ec2SubnetId",
                              subnets.empty() ? std::string_view() : std::string_view(subnets[0]));
  if (f.subnet_id.empty()) f.subnet_id = id_of("subnet", row.key.id);
  f.subnet_cidr = row.status.network;
  f.vpc_id = id_of("vpc", row.key.account);
  f.security_group = primary ? "ElasticMapReduce-master" : "ElasticMapReduce-slave";
  f.security_group_id = base::text_at(
      instances, primary ? "EmrManagedMasterSecurityGroup" : "EmrManagedSlaveSecurityGroup");
  if (f.security_group_id.empty()) f.security_group_id = id_of("sg", f.security_group);
  f.key_name = base::text_at(instances, "Ec2KeyName");
  f.launched = node.timeline.created.value_or(row.status.timeline.created.value_or(base::Time{}));
  return f;
}

MetadataTree tree_of(const InstanceFacts& f) {
  MetadataTree tree{{"meta-data/ami-id", f.image_id},
                    {"meta-data/ami-launch-index", std::to_string(f.launch_index)},
                    {"meta-data/hostname", f.hostname},
                    {"meta-data/instance-action", "none"},
                    {"meta-data/instance-id", f.instance_id},
                    {"meta-data/instance-life-cycle", "on-demand"},
                    {"meta-data/instance-type", f.instance_type},
                    {"meta-data/local-hostname", f.hostname},
                    {"meta-data/local-ipv4", f.address},
                    {"meta-data/mac", f.mac},
                    {"meta-data/events/maintenance/history", "[]"},
                    {"meta-data/events/maintenance/scheduled", "[]"},
                    {"meta-data/placement/availability-zone", f.zone},
                    {"meta-data/placement/region", f.region},
                    {"meta-data/reservation-id", f.reservation_id},
                    {"meta-data/security-groups", f.security_group},
                    {"meta-data/services/domain", "amazonaws.com"},
                    {"meta-data/services/partition", "aws"},
                    {"dynamic/instance-identity/document", identity_document(f)}};
  if (!f.public_address.empty()) {
    tree["meta-data/public-hostname"] = f.public_address;
    tree["meta-data/public-ipv4"] = f.public_address;
  }
  add_network(f, tree);
  add_role(f, tree);
  add_ssh_keys(f, tree);
  return tree;
}

std::string list_ssh_keys(const InstanceFacts& facts) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < facts.ssh_keys.size(); ++i)
    lines.push_back(fmt::format("{}={}", i, facts.ssh_keys[i].first));
  return base::join(lines, "\n");
}

std::optional<std::string> look_up(const MetadataTree& tree, std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (const auto at = tree.find(std::string(path)); at != tree.end()) return at->second;
  const std::string folder = path.empty() ? "" : std::string(path) + "/";
  std::set<std::string> names;
  for (auto at = tree.lower_bound(folder); at != tree.end() && at->first.starts_with(folder);
       ++at) {
    const std::string_view rest = std::string_view(at->first).substr(folder.size());
    const size_t slash = rest.find('/');
    names.emplace(rest.substr(0, slash == std::string_view::npos ? slash : slash + 1));
  }
  if (names.empty()) return std::nullopt;
  return base::join({names.begin(), names.end()}, "\n");
}

std::string ec2_json(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& members) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    out += fmt::format("{}\n  {} : {}", out.size() == 1 ? "" : ",", base::to_text(base::Json(name)),
                       value ? base::to_text(base::Json(*value)) : "null");
  }
  return out + "\n}";
}

}  // namespace howdah::gateways
