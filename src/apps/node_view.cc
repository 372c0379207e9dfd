#include "apps/node_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

constexpr std::string_view kMadeBy =
    "Made by Howdah for this cluster; configure it with classification ";

bool is_yarn(std::string_view master) {
  return master == "yarn" || master == "yarn-client" || master == "yarn-cluster";
}

// `key` of the settings that a classification overrode, as the node shall have it.
void run_locally(Settings& spark_defaults, std::vector<std::string>& notes) {
  const std::string* master = find(spark_defaults, "spark.master");
  if (master && is_yarn(base::trim(*master))) {
    set(spark_defaults, "spark.master", "local[*]");
    notes.push_back(
        "spark-defaults: spark.master yarn runs as local[*]: this cluster has no core nodes");
  }
  const std::string* mode = find(spark_defaults, "spark.submit.deployMode");
  if (mode && base::trim(*mode) == "cluster") {
    set(spark_defaults, "spark.submit.deployMode", "client");
    notes.push_back(
        "spark-defaults: spark.submit.deployMode cluster runs as client: this cluster has no core "
        "nodes");
  }
}

// One line of spark-env.sh. Users refer to variables in values ("$PATH:/opt/x"), and quote them as
// if the line were theirs: references stay, one pair of quotes around the whole goes, everything
// else is literal.
std::string export_line(std::string_view name, std::string_view value) {
  if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
    return fmt::format("export {}={}\n", name, shell_quote(value.substr(1, value.size() - 2)));
  }
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  std::string out = fmt::format("export {}=\"", name);
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\0') continue;
    if (c == '$') {
      std::string_view rest = value.substr(i + 1);
      const size_t close = rest.starts_with('{') ? rest.find('}') : std::string_view::npos;
      const bool braced =
          close != std::string_view::npos && is_variable_name(rest.substr(1, close - 1));
      const bool plain = !rest.empty() && is_variable_name(rest.substr(0, 1));
      out += braced || plain ? "$" : "\\$";
    } else {
      if (c == '"' || c == '\\' || c == '`') out += '\\';
      out += c;
    }
  }
  return out + "\"\n";
}

std::string spark_env(const Configurations& configurations) {
  std::string out = fmt::format("#!/usr/bin/env bash\n# {}spark-env.\n", kMadeBy);
  Settings variables = configurations.of("spark-env");
  merge(variables, configurations.exports_of("spark-env"));
  for (const auto& [name, value] : variables) {
    if (is_variable_name(name)) out += export_line(name, value);
  }
  // What serves the master "yarn" where there is no YARN; see apps/spark/local_yarn.
  out +=
      "export "
      "SPARK_DIST_CLASSPATH=\"${SPARK_DIST_CLASSPATH:+$SPARK_DIST_CLASSPATH:}/usr/lib/spark/"
      "local-yarn\"\n";
  return out;
}

Settings settings_of(const Templates& templates, const std::map<std::string, std::string>& facts,
                     const Configurations& configurations, const std::string& classification) {
  Settings out;
  if (const auto at = templates.settings.find(classification); at != templates.settings.end()) {
    for (const auto& [key, value] : at->second) out.emplace_back(key, fill(value, facts));
  }
  merge(out, configurations.of(classification));
  return out;
}

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

void add_info(const NodeFacts& facts, const std::string& hadoop_version, std::vector<File>& files) {
  base::JsonObject instance;
  instance["instanceGroupId"] = facts.instance_group_id;
  instance["isMaster"] = facts.is_primary;
  for (const char* daemon :
       {"isRunningNameNode", "isRunningDataNode", "isRunningJobTracker", "isRunningTaskTracker",
        "isRunningResourceManager", "isRunningNodeManager"}) {
    instance[daemon] = false;  // no Hadoop daemon runs on a primary-only cluster
  }
  files.push_back({.path = "/mnt/var/lib/info/instance.json", .contents = info_file(instance)});

  base::JsonObject group;
  group["instanceGroupId"] = facts.instance_group_id;
  group["instanceGroupName"] = "Master - 1";
  group["instanceRole"] = "Master";
  group["marketType"] = "OnDemand";
  group["instanceType"] = facts.instance_type;
  group["requestedInstanceCount"] = 1;
  base::JsonObject flow;
  flow["jobFlowId"] = facts.cluster_id;
  flow["jobFlowCreationInstant"] = facts.created_millis;
  flow["instanceCount"] = facts.instance_count;
  flow["masterInstanceId"] = facts.instance_id;
  flow["masterPrivateDnsName"] = facts.hostname;
  flow["masterInstanceType"] = facts.instance_type;
  flow["slaveInstanceType"] = facts.instance_type;
  flow["hadoopVersion"] = hadoop_version;
  flow["instanceGroups"] = base::JsonArray{std::move(group)};
  files.push_back({.path = "/mnt/var/lib/info/job-flow.json", .contents = info_file(flow)});

  base::JsonObject extra;
  extra["region"] = facts.region;
  extra["jobFlowId"] = facts.cluster_id;
  extra["masterHost"] = facts.hostname;
  extra["releaseLabel"] = facts.release_label;
  files.push_back(
      {.path = "/mnt/var/lib/info/extraInstanceData.json", .contents = info_file(extra)});
}

}  // namespace

uint64_t driver_memory_mib(const NodeFacts& facts, bool maximize) {
  constexpr uint64_t kLeast = 1024;
  const uint64_t there =
      facts.host_memory_mib ? std::min(facts.memory_mib, facts.host_memory_mib) : facts.memory_mib;
  return std::max(kLeast, maximize ? there * 8 / 10 : there / 4);
}

NodeView node_view(const Installed& installed, const Templates& templates,
                   const Configurations& configurations, const NodeFacts& facts) {
  NodeView out;
  out.mounts = {{installed.spark_home, "/usr/lib/spark"},
                {installed.python_path, "/opt/howdah/python"}};
  if (!installed.java_home.string().starts_with("/usr/")) {
    out.mounts.push_back({installed.java_home, "/usr/lib/jvm/howdah"});
  }
  const std::string* all = find(configurations.of("spark"), "maximizeResourceAllocation");
  const bool maximize = all && base::equals_ignore_case(*all, "true");
  const std::map<std::string, std::string> values = {
      {"endpoint", facts.endpoint},
      {"region", facts.region},
      {"cluster_id", facts.cluster_id},
      {"release_label", facts.release_label},
      {"hostname", facts.hostname},
      {"java_home", out.mounts.size() > 2 ? "/usr/lib/jvm/howdah" : installed.java_home.string()},
      {"driver_memory_mib", fmt::format("{}", driver_memory_mib(facts, maximize))},
  };
  for (const auto& [key, value] : templates.environment)
    out.environment.emplace_back(key, fill(value, values));
  set(out.environment, "SPARK_LOCAL_IP", facts.local_ip);
  if (!facts.credentials_uri.empty()) {
    set(out.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", facts.credentials_uri);
    set(out.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", facts.credentials_token);
  }

  Settings spark = settings_of(templates, values, configurations, "spark-defaults");
  if (maximize && !find(configurations.of("spark-defaults"), "spark.default.parallelism")) {
    set(spark, "spark.default.parallelism", fmt::format("{}", 2 * facts.vcpu));
  }
  run_locally(spark, out.notes);
  const auto comment = [](std::string_view name) { return fmt::format("{}{}.", kMadeBy, name); };
  const auto settings = [&](const char* name) {
    return settings_of(templates, values, configurations, name);
  };
  out.files = templates.files;
  out.files.push_back(
      {"/etc/spark/conf/spark-defaults.conf", to_properties(spark, comment("spark-defaults"))});
  out.files.push_back({"/etc/spark/conf/spark-env.sh", spark_env(configurations)});
  out.files.push_back({"/etc/spark/conf/log4j2.properties",
                       to_properties(settings("spark-log4j2"), comment("spark-log4j2"))});
  out.files.push_back({"/etc/hadoop/conf/core-site.xml",
                       to_hadoop_xml(settings("core-site"), comment("core-site"))});
  out.files.push_back({"/etc/hadoop/conf/hdfs-site.xml",
                       to_hadoop_xml(settings("hdfs-site"), comment("hdfs-site"))});
  add_info(facts, "3.3.4", out.files);
  return out;
}

NodeView node_view(const Installed& installed, const Applications& applications,
                   const Configurations& configurations, const NodeFacts& facts) {
  const Application* spark = applications.find("Spark");
  CHECK(spark != nullptr);
  return node_view(installed, spark->templates, configurations, facts);
}

}  // namespace howdah::apps
