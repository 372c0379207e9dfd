#include "apps/info_files.h"

#include <fmt/format.h>

#include "base/json.h"

namespace howdah::apps {
namespace {

// One "key": value a line, one space: scripts grep for '"isMaster": true' and awk for
// masterPrivateDnsName.
std::string info_file(const base::JsonObject& object) {
  std::string out = "{";
  bool first = true;
  for (const auto& member : object) {
    out += fmt::format("{}\n  {}: {}", first ? "" : ",", base::to_text(base::Json(member.key())),
                       base::to_text(member.value()));
    first = false;
  }
  return out + "\n}\n";
}

const char* name_of(NodeRole role) {
  return role == NodeRole::kMaster ? "Master" : role == NodeRole::kCore ? "Core" : "Task";
}

base::JsonObject group_of(const GroupFacts& group) {
  base::JsonObject out;
  out["instanceGroupId"] = group.id;
  out["instanceGroupName"] = group.name;
  out["instanceRole"] = name_of(group.role);
  out["marketType"] = group.market == "SPOT" ? "Spot" : "OnDemand";
  out["instanceType"] = group.instance_type;
  out["requestedInstanceCount"] = group.count;
  return out;
}

base::JsonObject instance_of(const NodeFacts& facts, bool has_hadoop) {
  const bool alone = facts.core_count + facts.task_count == 0;
  const bool master = facts.role == NodeRole::kMaster;
  const bool core = facts.role == NodeRole::kCore || (master && alone);
  const bool worker = core || facts.role == NodeRole::kTask;
  base::JsonObject out;
  out["instanceGroupId"] = facts.instance_group_id;
  out["isMaster"] = facts.is_primary && master;
  out["isRunningNameNode"] = has_hadoop && master;
  out["isRunningDataNode"] = has_hadoop && core;
  out["isRunningJobTracker"] = false;
  out["isRunningTaskTracker"] = false;
  out["isRunningResourceManager"] = has_hadoop && master;
  out["isRunningNodeManager"] = has_hadoop && worker;
  return out;
}

}  // namespace

std::vector<File> info_files(const NodeFacts& facts, const std::string& hadoop_version,
                             bool has_hadoop) {
  std::vector<GroupFacts> groups = facts.groups;
  if (groups.empty()) {
    groups.push_back({.id = facts.instance_group_id,
                      .name = "Master - 1",
                      .instance_type = facts.instance_type});
  }
  const std::string primary =
      facts.primary_hostname.empty() ? facts.hostname : facts.primary_hostname;
  base::JsonArray all;
  std::string workers;
  for (const GroupFacts& group : groups) {
    all.push_back(group_of(group));
    if (group.role == NodeRole::kCore) workers = group.instance_type;
  }
  base::JsonObject flow;
  flow["jobFlowId"] = facts.cluster_id;
  flow["jobFlowCreationInstant"] = facts.created_millis;
  flow["instanceCount"] = facts.instance_count;
  flow["masterInstanceId"] =
      facts.primary_instance_id.empty() ? facts.instance_id : facts.primary_instance_id;
  flow["masterPrivateDnsName"] = primary;
  flow["masterInstanceType"] = groups.front().instance_type;
  flow["slaveInstanceType"] = workers.empty() ? groups.front().instance_type : workers;
  flow["hadoopVersion"] = hadoop_version;
  flow["instanceGroups"] = std::move(all);

  base::JsonObject extra;
  extra["region"] = facts.region;
  extra["jobFlowId"] = facts.cluster_id;
  extra["masterHost"] = primary;
  extra["releaseLabel"] = facts.release_label;
  return {{.path = "/mnt/var/lib/info/instance.json",
           .contents = info_file(instance_of(facts, has_hadoop))},
          {.path = "/mnt/var/lib/info/job-flow.json", .contents = info_file(flow)},
          {.path = "/mnt/var/lib/info/extraInstanceData.json", .contents = info_file(extra)}};
}

}  // namespace howdah::apps
