#include "gateways/ui/interfaces.h"

#include <algorithm>

#include "base/text.h"

namespace howdah::gateways {
namespace {

enum class Where { kPrimary, kWorkers, kCore };

struct Known {
  const char* app;
  const char* title;
  uint16_t port;
  const char* path;
  Where where;
  const char* application;
  bool listed = true;  // it has a first page of its own
};

// Ports: EMR Management Guide, "View web interfaces hosted on Amazon EMR clusters".
constexpr Known kKnown[] = {
    {"yarn", "YARN ResourceManager", 8088, "/cluster", Where::kPrimary, "Hadoop"},
    {"hdfs", "HDFS NameNode", 9870, "/dfshealth.html", Where::kPrimary, "Hadoop"},
    {"spark-history", "Spark history", 18080, "/", Where::kPrimary, "Spark"},
    {"spark", "Spark, live", kFirstLiveSpark, "/", Where::kPrimary, "Spark"},
    {"mapreduce-history", "MapReduce history", 19888, "/jobhistory", Where::kPrimary, "Hadoop"},
    {"yarn-timeline", "YARN timeline", 8188, "/applicationhistory", Where::kPrimary, "Hadoop"},
    {"yarn-proxy", "YARN web proxy", 20888, "/", Where::kPrimary, "Hadoop", false},
    {"hive", "HiveServer2", 10002, "/", Where::kPrimary, "Hive"},
    {"tez", "Tez", 8080, "/tez-ui/", Where::kPrimary, "Tez"},
    {"node-manager", "YARN NodeManager", 8042, "/node", Where::kWorkers, "Hadoop"},
    {"data-node", "HDFS DataNode", 9864, "/datanode.html", Where::kCore, "Hadoop"},
};

bool is_live_spark(uint16_t port) { return port >= kFirstLiveSpark && port <= kLastLiveSpark; }

// Hadoop also belongs to whatever needs it, and to every cluster of several nodes.
bool has_application(const store::ClusterRow& row, std::string_view application) {
  const auto& all = row.wanted.applications;
  const auto named = [&](std::string_view name) {
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& one) { return base::equals_ignore_case(one, name); });
  };
  if (named(application)) return true;
  if (application == "Tez") return named("Hive");
  return application == "Hadoop" && (row.wanted.groups.size() > 1 || named("Hive") || named("Tez"));
}

bool is_on(const store::ClusterRow& row, const cluster::Node& node, Where where) {
  const cluster::Group* group = cluster::group_of(row.wanted, node.group_id);
  const cluster::Role role = group ? group->role : cluster::Role::kMaster;
  const bool alone = row.wanted.groups.size() <= 1;  // then the primary works too
  switch (where) {
    case Where::kPrimary:
      return role == cluster::Role::kMaster;
    case Where::kCore:
      return role == cluster::Role::kCore || alone;
    case Where::kWorkers:
      return role != cluster::Role::kMaster || alone;
  }
  return false;
}

bool shares_the_host(const cluster::Node& node) { return node.address.empty(); }

}  // namespace

std::vector<Interface> interfaces_of(const store::ClusterRow& row) {
  std::vector<Interface> out;
  for (const Known& known : kKnown) {
    if (!known.listed || !has_application(row, known.application)) continue;
    for (const cluster::Node& node : row.status.nodes) {
      if (cluster::is_over(node) || !is_on(row, node, known.where)) continue;
      if (!may_proxy(row, node, known.port)) continue;
      out.push_back({known.app, known.title, node.instance_id, known.port, known.path});
    }
  }
  return out;
}

std::vector<std::string> interface_names() {
  std::vector<std::string> out;
  for (const Known& known : kKnown) {
    if (known.listed) out.emplace_back(known.app);
  }
  return out;
}

bool may_proxy(const store::ClusterRow& row, const cluster::Node& node, uint16_t port) {
  if (is_live_spark(port))
    return has_application(row, "Spark") && is_on(row, node, Where::kPrimary);
  if (shares_the_host(node)) return false;
  return std::any_of(std::begin(kKnown), std::end(kKnown), [&](const Known& known) {
    return known.port == port && has_application(row, known.application);
  });
}

std::string hostname_of(const store::ClusterRow& row, const cluster::Node& node) {
  return shares_the_host(node) ? "localhost" : cluster::private_dns(row.key, node.address);
}

const cluster::Node* node_named(const store::ClusterRow& row, std::string_view name) {
  const std::string wanted = base::to_lower(name);
  // The newest first: an address may have been another's before.
  for (auto node = row.status.nodes.rbegin(); node != row.status.nodes.rend(); ++node) {
    if (cluster::is_over(*node)) continue;
    if (wanted == "primary" && is_on(row, *node, Where::kPrimary)) return &*node;
    if (wanted == node->instance_id) return &*node;
    if (shares_the_host(*node)) continue;
    const std::string host = cluster::private_dns(row.key, node->address);
    if (wanted == host || wanted == host.substr(0, host.find('.')) || wanted == node->address ||
        wanted == node->public_address) {
      return &*node;
    }
  }
  return nullptr;
}

}  // namespace howdah::gateways
