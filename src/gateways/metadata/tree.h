#pragma once

// What instance metadata says of one instance, by path. Pure. Names and formats are EC2's (EC2 User
// Guide, "Instance metadata categories").

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "store/control/control_store.h"

namespace howdah::gateways {

struct InstanceFacts {
  std::string account, region, zone;
  std::string instance_id, instance_type;
  int launch_index = 0;
  std::string image_id, reservation_id;
  std::string address, hostname, public_address;
  std::string mac, interface_id;
  std::string subnet_id, subnet_cidr, vpc_id;
  std::string security_group, security_group_id;
  std::vector<std::pair<std::string, std::string>> ssh_keys;  // names and public keys
  std::string key_name;                                       // of the EC2 key pair; empty: none
  base::Time launched{};
  std::string role, profile_arn, profile_id;  // empty: the instance has none
};

/// Of one instance of a cluster; the role is filled in by the caller.
InstanceFacts facts_of(const store::ClusterRow& row, const cluster::Node& node);

/// Values by path below "latest/": "meta-data/instance-id", "dynamic/instance-identity/document".
/// The role's credentials are not there: their path has an empty value.
using MetadataTree = std::map<std::string, std::string>;
MetadataTree tree_of(const InstanceFacts& facts);

/// The folder of ssh keys is listed in a way of its own: "0=my-key".
inline constexpr std::string_view kPublicKeys = "meta-data/public-keys";
std::string list_ssh_keys(const InstanceFacts& facts);

/// The value at `path` or, for a folder, its listing as EC2 gives it: a name a line, folders with a
/// slash, no line break at the end. nullopt: there is nothing. A slash at the end is as none.
std::optional<std::string> look_up(const MetadataTree& tree, std::string_view path);

/// A flat object as EC2 prints it: `{\n  "Code" : "Success",\n …}`; null for an empty optional.
std::string ec2_json(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& members);

}  // namespace howdah::gateways
