#include "control/clusters/node_facts.h"

#include <algorithm>

namespace howdah::control {
namespace {

using cluster::Cluster;
using cluster::Group;
using cluster::Node;

apps::NodeRole role_of(cluster::Role role) {
  switch (role) {
    case cluster::Role::kMaster:
      return apps::NodeRole::kMaster;
    case cluster::Role::kCore:
      return apps::NodeRole::kCore;
    case cluster::Role::kTask:
      return apps::NodeRole::kTask;
  }
  return apps::NodeRole::kMaster;
}

// "ip-10-0-0-1.ec2.internal" and "ip-10-0-0-1".
std::vector<std::string> names_of(const std::string& hostname) {
  return {hostname, hostname.substr(0, hostname.find('.'))};
}

void add_groups(const Cluster& cluster, apps::NodeFacts& facts) {
  facts.instance_count = 0;
  for (const Group& group : cluster.wanted.groups) {
    apps::GroupFacts one;
    one.id = group.id;
    one.name = group.name;
    one.role = role_of(group.role);
    one.market = std::string(base::text_at(group.request, "Market", "ON_DEMAND"));
    one.instance_type = group.instance_type;
    one.count = group.count;
    facts.instance_count += group.count;
    if (group.role == cluster::Role::kCore) facts.core_count += group.count;
    if (group.role == cluster::Role::kTask) facts.task_count += group.count;
    facts.groups.push_back(std::move(one));
  }
  facts.instance_count = std::max(1, facts.instance_count);
}

void add_members(const Cluster& cluster, apps::NodeFacts& facts) {
  for (const Node& member : cluster.status.nodes) {
    if (cluster::is_over(member) || member.lost) continue;
    if (cluster::role_of(cluster, member) == cluster::Role::kMaster) continue;
    const std::string host = cluster::private_dns(cluster, member);
    facts.members.push_back(host);
    if (member.leaving) facts.leaving.push_back(host);
  }
}

}  // namespace

bool has_several_nodes(const Cluster& cluster) {
  int wanted = 0;
  for (const Group& group : cluster.wanted.groups) wanted += group.count;
  const auto living = std::count_if(cluster.status.nodes.begin(), cluster.status.nodes.end(),
                                    [](const Node& node) { return !cluster::is_over(node); });
  return wanted > 1 || living > 1;
}

apps::NodeFacts facts_of(const Cluster& cluster, const Node& node, const apps::InstanceTypes& types,
                         uint64_t host_memory_mib) {
  apps::NodeFacts facts;
  facts.region = cluster.key.region;
  facts.release_label = cluster.wanted.release_label;
  facts.cluster_id = cluster.key.id;
  facts.instance_id = node.instance_id;
  facts.instance_group_id = node.group_id;
  facts.instance_type = node.instance_type;
  facts.hostname = cluster::private_dns(cluster, node);
  if (!node.address.empty()) facts.local_ip = node.address;
  facts.role = role_of(cluster::role_of(cluster, node));
  facts.is_primary = facts.role == apps::NodeRole::kMaster;
  if (const Node* primary = cluster::primary_of(cluster); primary != nullptr) {
    facts.primary_hostname = cluster::private_dns(cluster, *primary);
    facts.primary_instance_id = primary->instance_id;
  }
  add_groups(cluster, facts);
  add_members(cluster, facts);
  if (const Group* group = cluster::group_of(cluster.wanted, node.group_id); group != nullptr)
    facts.volumes_gib = group->volumes_gib;
  if (cluster.status.timeline.created)
    facts.created_millis = base::to_millis(*cluster.status.timeline.created);
  if (const apps::InstanceType* type = types.find(node.instance_type)) {
    facts.memory_mib = type->memory_mib();
    facts.vcpu = type->vcpu;
  }
  for (const Group& group : cluster.wanted.groups) {
    if (group.role != cluster::Role::kCore || !facts.core_instance_type.empty()) continue;
    facts.core_instance_type = group.instance_type;
    if (const apps::InstanceType* type = types.find(group.instance_type)) {
      facts.core_memory_mib = type->memory_mib();
      facts.core_vcpu = type->vcpu;
    }
  }
  facts.host_memory_mib = host_memory_mib;
  return facts;
}

std::vector<std::pair<std::string, std::vector<std::string>>> hosts_of(const Cluster& cluster,
                                                                       const Node& node) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  for (const Node& other : cluster.status.nodes) {
    if (cluster::is_over(other) || other.address.empty() || other.number == node.number) continue;
    out.emplace_back(other.address, names_of(cluster::private_dns(cluster, other)));
  }
  return out;
}

}  // namespace howdah::control
