#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/digest.h"
#include "cluster/cluster.h"

namespace howdah::cluster {
namespace {

constexpr std::array kStates = {
    "STARTING",   "BOOTSTRAPPING",         "RUNNING", "WAITING", "TERMINATING",
    "TERMINATED", "TERMINATED_WITH_ERRORS"};
constexpr std::array kStepStates = {"PENDING",   "CANCEL_PENDING", "RUNNING",
                                    "COMPLETED", "CANCELLED",      "FAILED"};

constexpr std::array kInstanceStates = {"AWAITING_FULFILLMENT", "PROVISIONING", "BOOTSTRAPPING",
                                        "RUNNING", "TERMINATED"};
constexpr std::array kGroupStates = {
    "PROVISIONING", "BOOTSTRAPPING", "RUNNING",  "RECONFIGURING", "RESIZING", "SUSPENDED",
    "TERMINATING",  "TERMINATED",    "ARRESTED", "SHUTTING_DOWN", "ENDED"};
constexpr std::array kRoles = {"MASTER", "CORE", "TASK"};

template <typename Enum, size_t N>
std::optional<Enum> find_name(const std::array<const char*, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (name == names[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

// 32 bytes that depend on the cluster and the number alone.
std::string seed(const Cluster& cluster, int number) {
  return base::digest(base::Algorithm::kSha256, fmt::format("{}/{}/primary/{}", cluster.key.region,
                                                            cluster.key.id, number + 1));
}

unsigned byte(const std::string& bytes, size_t i) { return static_cast<unsigned char>(bytes[i]); }

}  // namespace

const char* name_of(State state) { return kStates[static_cast<size_t>(state)]; }
const char* name_of(StepState state) { return kStepStates[static_cast<size_t>(state)]; }

const char* name_of(InstanceState state) { return kInstanceStates[static_cast<size_t>(state)]; }
const char* name_of(GroupState state) { return kGroupStates[static_cast<size_t>(state)]; }
const char* name_of(Role role) { return kRoles[static_cast<size_t>(role)]; }

std::optional<State> state_of(std::string_view name) { return find_name<State>(kStates, name); }
std::optional<StepState> step_state_of(std::string_view name) {
  return find_name<StepState>(kStepStates, name);
}
std::optional<InstanceState> instance_state_of(std::string_view name) {
  return find_name<InstanceState>(kInstanceStates, name);
}
std::optional<GroupState> group_state_of(std::string_view name) {
  return find_name<GroupState>(kGroupStates, name);
}
std::optional<Role> role_of(std::string_view name) { return find_name<Role>(kRoles, name); }

const Group* group_of(const Wanted& wanted, std::string_view group_id) {
  for (const Group& group : wanted.groups) {
    if (group.id == group_id) return &group;
  }
  return nullptr;
}

const Node* primary_of(const Cluster& cluster) {
  if (cluster.wanted.groups.empty()) return nullptr;
  const std::string& master = cluster.wanted.groups.front().id;
  const Node* found = nullptr;
  for (const Node& node : cluster.status.nodes) {
    if (node.group_id == master) found = &node;
  }
  return found;
}

const GroupStatus* group_status_of(const Status& status, std::string_view group_id) {
  for (const GroupStatus& group : status.groups) {
    if (group.id == group_id) return &group;
  }
  return nullptr;
}

Role role_of(const Cluster& cluster, const Node& node) {
  const Group* group = group_of(cluster.wanted, node.group_id);
  return group ? group->role : Role::kTask;
}

int64_t version_of(const Cluster& cluster, const Group& group) {
  const GroupStatus* status = group_status_of(cluster.status, group.id);
  const bool failed = status && group.configurations_version > 0 &&
                      status->failed_version == group.configurations_version;
  return failed ? status->applied_version : group.configurations_version;
}

base::JsonArray configurations_of(const Cluster& cluster, std::string_view group_id) {
  base::JsonArray out = cluster.wanted.configurations;
  const Group* group = group_of(cluster.wanted, group_id);
  if (!group) return out;
  const bool wanted = version_of(cluster, *group) == group->configurations_version;
  const GroupStatus* status = group_status_of(cluster.status, group_id);
  for (const base::Json& item : wanted ? group->configurations : status->applied_configurations)
    out.push_back(item);
  return out;
}

int replication_of(const Cluster& cluster) {
  int asked = 0;
  for (const base::Json& item : cluster.wanted.configurations) {
    const base::JsonObject* entry = item.if_object();
    if (!entry || base::text_at(*entry, "Classification") != "hdfs-site") continue;
    const base::JsonObject* properties = base::find_object(*entry, "Properties");
    if (!properties) continue;
    const std::string text(base::text_at(*properties, "dfs.replication"));
    if (text.size() < 4) asked = std::max(asked, std::atoi(text.c_str()));
  }
  if (asked > 0) return asked;
  if (cluster.status.replication > 0) return cluster.status.replication;
  int core = 0;
  for (const Group& group : cluster.wanted.groups) {
    if (group.role == Role::kCore) core += group.count;
  }
  return core < 4 ? 1 : core < 10 ? 2 : 3;
}

std::vector<const Node*> members_of(const Cluster& cluster, std::string_view group_id) {
  std::vector<const Node*> out;
  for (const Node& node : cluster.status.nodes) {
    if (node.group_id == group_id && !is_over(node) && !node.leaving && !node.lost)
      out.push_back(&node);
  }
  return out;
}

std::string instance_id(const Cluster& cluster, int number) {
  const std::string bytes = seed(cluster, number);
  std::string out = "i-0";
  for (size_t i = 0; i < 8; ++i) out += fmt::format("{:02x}", byte(bytes, i));
  return out;
}
std::string instance_id(const Cluster& cluster) { return instance_id(cluster, 0); }

std::string cluster_instance_id(const Cluster& cluster, int number) {
  const std::string bytes = seed(cluster, number);
  std::string out = "ci-";
  for (size_t i = 8; i < 21; ++i)
    out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[byte(bytes, i) % 36];
  return out;
}
std::string cluster_instance_id(const Cluster& cluster) { return cluster_instance_id(cluster, 0); }

std::string node_id(const Cluster& cluster, int number) {
  return cluster.key.id + "/" + instance_id(cluster, number);
}
std::string node_id(const Cluster& cluster) { return node_id(cluster, 0); }

std::optional<std::string> address_in(std::string_view subnet, int number) {
  unsigned a = 0, b = 0, c = 0, d = 0, bits = 0;
  if (std::sscanf(std::string(subnet).c_str(), "%u.%u.%u.%u/%u", &a, &b, &c, &d, &bits) != 5 ||
      a > 255 || b > 255 || c > 255 || d > 255 || bits < 8 || bits > 30 || number < 0) {
    return std::nullopt;
  }
  const uint64_t size = uint64_t{1} << (32 - bits);
  const uint64_t offset = 10 + static_cast<uint64_t>(number);
  if (offset + 1 >= size) return std::nullopt;  // the last is the broadcast address
  const uint64_t address = ((a << 24) | (b << 16) | (c << 8) | d) + offset;
  return fmt::format("{}.{}.{}.{}", address >> 24 & 255, address >> 16 & 255, address >> 8 & 255,
                     address & 255);
}

std::string private_ip(const Cluster& cluster, const Node& node) {
  if (!node.address.empty()) return node.address;
  const std::string bytes = seed(cluster, node.number);
  return fmt::format("10.{}.{}.{}", byte(bytes, 21), byte(bytes, 22), 1 + byte(bytes, 23) % 254);
}
std::string private_ip(const Cluster& cluster) {
  const Node* primary = primary_of(cluster);
  return private_ip(cluster, primary ? *primary : Node{});
}

std::string private_dns(const Key& key, std::string_view address) {
  std::string name = fmt::format("ip-{}", address);
  for (char& c : name) c = c == '.' ? '-' : c;
  return name + (key.region == "us-east-1" ? std::string(".ec2.internal")
                                           : fmt::format(".{}.compute.internal", key.region));
}
std::string private_dns(const Cluster& cluster, const Node& node) {
  return private_dns(cluster.key, private_ip(cluster, node));
}
std::string private_dns(const Cluster& cluster) {
  return private_dns(cluster.key, private_ip(cluster));
}

// A node of this issue shares the host's network: the name that works from the host is the host's
// own.
std::string public_dns(const Cluster&) { return "localhost"; }

std::string cluster_arn(const Key& key) {
  return fmt::format("arn:aws:elasticmapreduce:{}:{}:cluster/{}", key.region, key.account, key.id);
}

std::string process_of_step(const Step& step) { return step.id; }
std::string process_of_bootstrap(int number) { return fmt::format("bootstrap-{}", number); }
std::string process_of_services(int life) {
  return life <= 1 ? "services" : fmt::format("services-{}", life);
}

std::string process_of_warm(int number) { return fmt::format("warm-{}", number); }

std::string process_of_warm_end(int number) { return fmt::format("warm-{}-end", number); }

}  // namespace howdah::cluster
