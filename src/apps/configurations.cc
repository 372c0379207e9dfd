#include "apps/configurations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace howdah::apps {
namespace {

using base::Json;
using base::JsonArray;
using base::JsonObject;

// Those that an application.json names, and the three that become Spark's own files.
constexpr std::array kActing = {"capacity-scheduler",
                                "container-executor",
                                "container-log4j",
                                "core-site",
                                "emrfs-site",
                                "hadoop-env",
                                "hadoop-log4j",
                                "hadoop-ssl-client",
                                "hadoop-ssl-server",
                                "hcatalog-env",
                                "hdfs-env",
                                "hdfs-site",
                                "hive-beeline-log4j2",
                                "hive-env",
                                "hive-exec-log4j2",
                                "hive-log4j2",
                                "hive-site",
                                "hiveserver2-site",
                                "mapred-env",
                                "mapred-site",
                                "spark",
                                "spark-defaults",
                                "spark-env",
                                "spark-hive-site",
                                "spark-log4j",
                                "spark-log4j2",
                                "spark-metrics",
                                "tez-site",
                                "yarn-env",
                                "yarn-site",
                                "zookeeper-config",
                                "zookeeper-log4j"};

// As the groups of AWS's table have them.
constexpr std::array kGroups = {
    "core-site hadoop-env hadoop-log4j hadoop-ssl-server hadoop-ssl-client hdfs-site hdfs-env",
    "hdfs-encryption-zones httpfs-env httpfs-site hadoop-kms-acls hadoop-kms-env hadoop-kms-log4j "
    "hadoop-kms-site",
    "container-executor container-log4j docker-conf capacity-scheduler yarn-site yarn-env "
    "mapred-site mapred-env",
    "emrfs-site spark spark-defaults spark-env spark-log4j spark-log4j2 spark-metrics "
    "spark-hive-site",
    "hive hive-site hive-env hiveserver2-site hive-log4j2 hive-exec-log4j2 hive-beeline-log4j2",
    "hive-llap-daemon-log4j2 hive-parquet-logging hcatalog-env hcatalog-server-jndi",
    "hcatalog-server-proto-hive-site hcatalog-webhcat-env hcatalog-webhcat-log4j2 "
    "hcatalog-webhcat-site tez-site",
    "flink-conf flink-log4j flink-log4j-session flink-log4j-cli trino-exchange-manager",
    "hbase hbase-site hbase-env hbase-log4j hbase-metrics hbase-policy phoenix-hbase-metrics "
    "phoenix-hbase-site",
    "phoenix-log4j phoenix-metrics zookeeper-config zookeeper-log4j livy-conf livy-env livy-log4j "
    "livy-log4j2",
    "jupyter-notebook-conf jupyter-hub-conf jupyter-s3-conf jupyter-sparkmagic-conf zeppelin-env "
    "zeppelin-site",
    "hue-ini iceberg-defaults delta-defaults hudi-defaults hudi-env oozie-env oozie-log4j "
    "oozie-site",
    "pig-env pig-properties pig-log4j sqoop-env sqoop-oraoop-site sqoop-site ranger-kms-dbks-site "
    "ranger-kms-site",
    "ranger-kms-env ranger-kms-log4j ranger-kms-db-ca recordserver-env recordserver-conf "
    "recordserver-log4j",
    "emr-metrics prometheus.yml",
};
constexpr std::array kQueryEngines = {"presto", "prestosql", "trino"};
constexpr std::string_view kQueryEngineParts =
    "config log env node password-authenticator connector-blackhole connector-cassandra "
    "connector-delta "
    "connector-hive connector-iceberg connector-jmx connector-kafka connector-localfile "
    "connector-memory "
    "connector-mongodb connector-mysql connector-postgresql connector-raptor connector-redis "
    "connector-redshift "
    "connector-tpch connector-tpcds";

std::vector<std::string> make_known() {
  std::vector<std::string> out;
  for (std::string_view group : kGroups) {
    for (std::string_view name : base::split(group, ' ')) out.emplace_back(name);
  }
  for (std::string_view engine : kQueryEngines) {
    for (std::string_view part : base::split(kQueryEngineParts, ' '))
      out.push_back(fmt::format("{}-{}", engine, part));
  }
  std::sort(out.begin(), out.end());
  return out;
}

const std::vector<std::string>& known() {
  static const std::vector<std::string> names = make_known();
  return names;
}

bool is_known(std::string_view name) {
  return std::binary_search(known().begin(), known().end(), name);
}

bool takes_export(std::string_view name) { return name.ends_with("-env"); }

base::Error refused(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "ValidationException", {}};
}

Settings settings_of(const JsonObject& configuration) {
  Settings out;
  if (const JsonObject* properties = base::find_object(configuration, "Properties")) {
    for (const auto& member : *properties) {
      if (member.value().is_string())
        set(out, member.key(), base::view_of(member.value().as_string()));
    }
  }
  return out;
}

base::Status check_nested(std::string_view outer, const JsonArray& nested) {
  for (const Json& item : nested) {
    const JsonObject* object = item.if_object();
    const std::string_view name =
        object ? base::text_at(*object, "Classification") : std::string_view();
    if (name != "export" || !takes_export(outer)) {
      return refused(
          fmt::format("Classification '{}' cannot be nested in '{}': only 'export' can be nested, "
                      "in a classification that ends "
                      "in -env.",
                      name, outer));
    }
    for (const auto& [key, value] : settings_of(*object)) {
      if (!is_variable_name(key)) {
        return refused(
            fmt::format("'{}' in {}/export is not a name that can be exported.", key, outer));
      }
    }
    const JsonArray* deeper = base::find_array(*object, "Configurations");
    if (deeper && !deeper->empty())
      return refused(fmt::format("Nothing can be nested in {}/export.", outer));
  }
  return base::ok();
}

}  // namespace

const Settings& Configurations::of(std::string_view classification) const {
  static const Settings none;
  const auto at = properties.find(std::string(classification));
  return at == properties.end() ? none : at->second;
}

const Settings& Configurations::exports_of(std::string_view classification) const {
  static const Settings none;
  const auto at = exports.find(std::string(classification));
  return at == exports.end() ? none : at->second;
}

base::Status check_configurations(const JsonArray& configurations) {
  for (const Json& item : configurations) {
    const JsonObject* object = item.if_object();
    const std::string_view name =
        object ? base::text_at(*object, "Classification") : std::string_view();
    if (name.empty()) return refused("A configuration has no Classification.");
    if (!is_known(name)) {
      return refused(fmt::format("Classification '{}' is not known. Known classifications: {}.",
                                 name, base::join(known(), ", ")));
    }
    const Settings properties = settings_of(*object);
    for (const auto& [key, value] : properties) {
      if (base::trim(key).empty())
        return refused(fmt::format("A property of '{}' has an empty name.", name));
    }
    if (name == "spark") {
      const std::string* all = find(properties, "maximizeResourceAllocation");
      if (all && !base::equals_ignore_case(*all, "true") &&
          !base::equals_ignore_case(*all, "false")) {
        return refused(fmt::format("maximizeResourceAllocation is true or false, not '{}'.", *all));
      }
    }
    if (const JsonArray* nested = base::find_array(*object, "Configurations"))
      TRY(check_nested(name, *nested));
  }
  return base::ok();
}

std::vector<std::string> configurations_without_effect(const JsonArray& configurations) {
  std::vector<std::string> out;
  for (const auto& [name, settings] : flatten(configurations).properties) {
    if (!acts_here(name))
      out.push_back(fmt::format("Classification {} is stored and has no effect yet.", name));
    if (name != "spark") continue;
    for (const auto& [key, value] : settings) {
      if (key != "maximizeResourceAllocation")
        out.push_back(fmt::format("Property {} of classification spark has no effect.", key));
    }
  }
  return out;
}

Configurations flatten(const JsonArray& configurations) {
  Configurations out;
  for (const Json& item : configurations) {
    const JsonObject* object = item.if_object();
    if (!object) continue;
    const std::string name(base::text_at(*object, "Classification"));
    if (!is_known(name)) continue;
    merge(out.properties[name], settings_of(*object));
    const JsonArray* nested = base::find_array(*object, "Configurations");
    if (!nested || !takes_export(name)) continue;
    for (const Json& inner : *nested) {
      const JsonObject* exported = inner.if_object();
      if (!exported || base::text_at(*exported, "Classification") != "export") continue;
      for (const auto& [key, value] : settings_of(*exported)) {
        if (is_variable_name(key)) set(out.exports[name], key, value);
      }
    }
  }
  return out;
}

std::vector<std::string> known_classifications() { return known(); }

bool acts_here(std::string_view classification) {
  return std::find(kActing.begin(), kActing.end(), classification) != kActing.end();
}

}  // namespace howdah::apps
