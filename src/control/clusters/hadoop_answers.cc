#include "control/clusters/hadoop_answers.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "job/yarn_names.h"

namespace howdah::control {
namespace {

using base::JsonObject;
using base::Status;
using Yarn = HadoopSeen::Yarn;
using Hdfs = HadoopSeen::Hdfs;

constexpr size_t kMostNodes = 10000;
constexpr size_t kMostText = 4096;

base::Result<JsonObject> object_of(std::string_view answer, const char* what) {
  auto parsed = base::parse_json(answer);
  if (!parsed.ok() || !parsed->is_object())
    return base::invalid_argument(std::string(what) + " did not answer with a JSON object");
  return std::move(parsed->as_object());
}

// Healthy or not, it belongs to the cluster; one that has been shut down in order no longer does.
Yarn yarn_state_of(std::string_view state) {
  if (state == "RUNNING" || state == "UNHEALTHY" || state == "NEW") return Yarn::kRunning;
  if (state == "DECOMMISSIONING") return Yarn::kDecommissioning;
  if (state == "DECOMMISSIONED") return Yarn::kDecommissioned;
  if (state == "LOST") return Yarn::kLost;
  return Yarn::kNone;
}

// Of two entries for one host (it came back under another port): what is now, before what was.
int rank(Yarn state) {
  switch (state) {
    case Yarn::kRunning:
      return 4;
    case Yarn::kDecommissioning:
      return 3;
    case Yarn::kDecommissioned:
      return 2;
    case Yarn::kLost:
      return 1;
    case Yarn::kNone:
      return 0;
  }
  return 0;
}

Hdfs hdfs_state_of(std::string_view admin_state, bool alive) {
  if (admin_state == "Decommissioned") return Hdfs::kDecommissioned;
  if (!alive) return Hdfs::kDead;
  return admin_state == "Decommission In Progress" ? Hdfs::kDecommissioning : Hdfs::kLive;
}

// The first bean of a JMX answer; nullptr when there is none.
const JsonObject* bean_of(const JsonObject& answer) {
  const base::JsonArray* beans = base::find_array(answer, "beans");
  return beans == nullptr || beans->empty() || !beans->front().is_object()
             ? nullptr
             : &beans->front().as_object();
}

// "ip-10-0-0-11.ec2.internal:9866" -> the host.
std::string host_of(std::string_view name) {
  return std::string(name.substr(0, std::min(name.rfind(':'), name.size())));
}

// LiveNodes and DeadNodes are JSON texts inside the bean.
void add_data_nodes(std::string_view text, bool alive, HadoopSeen& seen) {
  const auto parsed = base::parse_json(text);
  if (!parsed.ok() || !parsed->is_object()) return;
  for (const auto& [name, value] : parsed->as_object()) {
    if (!value.is_object()) continue;
    const std::string host = host_of({name.data(), name.size()});
    if (host.empty() || (seen.nodes.size() >= kMostNodes && !seen.nodes.contains(host))) continue;
    const JsonObject& node = value.as_object();
    Hdfs state = hdfs_state_of(base::text_at(node, "adminState"), alive);
    if (base::bool_at(node, "decommissioned")) state = Hdfs::kDecommissioned;
    HadoopSeen::Node& at = seen.nodes[host];
    if (at.hdfs == Hdfs::kNone || alive) at.hdfs = state;
  }
}

}  // namespace

Status read_yarn_nodes(std::string_view answer, HadoopSeen& seen) {
  const JsonObject object = TRY(object_of(answer, "the ResourceManager"));
  if (!object.contains("nodes"))
    return base::invalid_argument("the ResourceManager's answer names no nodes");
  const JsonObject* nodes = base::find_object(object, "nodes");  // null: it has none
  const base::JsonArray* list = nodes == nullptr ? nullptr : base::find_array(*nodes, "node");
  if (list == nullptr) return base::ok();
  for (const base::Json& entry : *list) {
    if (!entry.is_object()) continue;
    const JsonObject& node = entry.as_object();
    const std::string host(base::text_at(node, "nodeHostName"));
    if (host.empty() || (seen.nodes.size() >= kMostNodes && !seen.nodes.contains(host))) continue;
    const Yarn state = yarn_state_of(base::text_at(node, "state"));
    HadoopSeen::Node& at = seen.nodes[host];
    if (rank(state) < rank(at.yarn)) continue;
    at.yarn = state;
    at.unhealthy =
        base::text_at(node, "state") == "UNHEALTHY"
            ? std::string(base::trim(base::text_at(node, "healthReport").substr(0, kMostText)))
            : std::string();
    at.containers =
        static_cast<int>(std::clamp<int64_t>(base::int_at(node, "numContainers"), 0, 1000000));
  }
  return base::ok();
}

Status read_name_node_info(std::string_view answer, HadoopSeen& seen) {
  const JsonObject object = TRY(object_of(answer, "the NameNode"));
  const JsonObject* bean = bean_of(object);
  if (bean == nullptr || !bean->contains("LiveNodes"))
    return base::invalid_argument("the NameNode's answer names no DataNodes");
  add_data_nodes(base::text_at(*bean, "DeadNodes"), false, seen);
  add_data_nodes(base::text_at(*bean, "LiveNodes"), true, seen);
  return base::ok();
}

Status read_namesystem(std::string_view answer, HadoopSeen& seen) {
  const JsonObject object = TRY(object_of(answer, "the NameNode"));
  const JsonObject* bean = bean_of(object);
  if (bean == nullptr) return base::invalid_argument("the NameNode's answer has no bean");
  seen.missing_blocks = std::max<int64_t>(0, base::int_at(*bean, "MissingBlocks"));
  seen.under_replicated = std::max<int64_t>(
      0, base::int_at(*bean, "UnderReplicatedBlocks", base::int_at(*bean, "LowRedundancyBlocks")));
  return base::ok();
}

base::Result<std::vector<YarnApplication>> read_applications(std::string_view answer) {
  const JsonObject object = TRY(object_of(answer, "the ResourceManager"));
  if (!object.contains("apps"))
    return base::invalid_argument("the ResourceManager's answer names no applications");
  std::vector<YarnApplication> out;
  const JsonObject* apps = base::find_object(object, "apps");
  const base::JsonArray* list = apps == nullptr ? nullptr : base::find_array(*apps, "app");
  if (list == nullptr) return out;
  for (const base::Json& entry : *list) {
    if (!entry.is_object() || out.size() >= kMostNodes) continue;
    const JsonObject& app = entry.as_object();
    YarnApplication one;
    one.id = base::text_at(app, "id");
    if (!job::is_application_id(one.id)) continue;
    one.state = base::text_at(app, "state").substr(0, 64);
    one.final_status = base::text_at(app, "finalStatus").substr(0, 64);
    one.diagnostics = base::text_at(app, "diagnostics").substr(0, kMostText);
    for (std::string_view tag : base::split(base::text_at(app, "applicationTags"), ','))
      if (!base::trim(tag).empty()) one.tags.push_back(base::to_lower(base::trim(tag)));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace howdah::control
