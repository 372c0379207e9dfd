#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/facts.h"
#include "apps/node_view.h"
#include "apps/services.h"
#include "apps/test_folder.h"

namespace howdah::apps {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Applications& applications() {
  static const Applications all = [] {
    base::Result<Applications> loaded = Applications::load(apps_folder());
    CHECK(loaded.ok());
    return *std::move(loaded);
  }();
  return all;
}

constexpr const char* kJava = "/usr/lib/jvm/java-17-openjdk-amd64";

Installed hadoop_and_spark() {
  Installed out{.label = "emr-7.10.0",
                .spark_version = "3.5.5",
                .root = "/engines/spark",
                .spark_home = "/engines/spark/spark",
                .python_path = "/engines/spark/python",
                .java_home = kJava};
  for (const char* name : {"Spark", "Hadoop", "spark-shuffle"}) {
    out.applications.push_back(
        {name, "1", std::string("/engines/") + (name == std::string("Spark") ? "spark" : name),
         kJava});
  }
  return out;
}

NodeFacts facts_of_role(NodeRole role) {
  NodeFacts facts;
  facts.role = role;
  facts.is_primary = role == NodeRole::kMaster;
  facts.hostname = "ip-10-64-0-11.ec2.internal";
  facts.primary_hostname = "ip-10-64-0-10.ec2.internal";
  facts.local_ip = "10.64.0.11";
  facts.applications = {"hadoop", "Spark"};
  facts.core_count = 2;
  facts.members = {"ip-10-64-0-11.ec2.internal", "ip-10-64-0-12.ec2.internal"};
  return facts;
}

NodeView view_of(const NodeFacts& facts, const Configurations& configurations = {}) {
  return node_view(hadoop_and_spark(), applications(), configurations, facts);
}

std::string contents(const NodeView& view, std::string_view path) {
  for (const File& file : view.files) {
    if (file.path == path) return file.contents;
  }
  ADD_FAILURE() << "no file " << path;
  return {};
}

std::vector<std::string> units(const NodeView& view) {
  std::vector<std::string> out;
  for (const Daemon& daemon : view.daemons) out.push_back(daemon.unit);
  return out;
}

std::string property(std::string_view name, std::string_view value) {
  return "<name>" + std::string(name) + "</name>\n    <value>" + std::string(value) + "</value>";
}

TEST(HadoopView, EveryRoleHasItsDaemonsInStartOrder) {
  EXPECT_THAT(units(view_of(facts_of_role(NodeRole::kMaster))),
              ElementsAre("hadoop-hdfs-namenode", "hadoop-yarn-resourcemanager",
                          "hadoop-mapreduce-historyserver", "hadoop-yarn-proxyserver",
                          "hadoop-yarn-timelineserver", "spark-history-server"));
  EXPECT_THAT(units(view_of(facts_of_role(NodeRole::kCore))),
              ElementsAre("hadoop-hdfs-datanode", "hadoop-yarn-nodemanager"));
  EXPECT_THAT(units(view_of(facts_of_role(NodeRole::kTask))),
              ElementsAre("hadoop-yarn-nodemanager"));
}

TEST(HadoopView, ASingleNodeHasTheCoreDaemonsToo) {
  NodeFacts alone = facts_of_role(NodeRole::kMaster);
  alone.core_count = 0;
  EXPECT_THAT(units(view_of(alone)), Contains("hadoop-hdfs-datanode"));
  EXPECT_THAT(units(view_of(alone)), Contains("hadoop-yarn-nodemanager"));
  EXPECT_THAT(contents(view_of(alone), "/mnt/var/lib/info/instance.json"),
              HasSubstr("\"isRunningDataNode\": true"));
}

TEST(HadoopView, OnlyWhatRunningNeedsStartsAtOnce) {
  const NodeView view = view_of(facts_of_role(NodeRole::kMaster));
  for (const Daemon& daemon : view.daemons) {
    const std::string down = std::string(kServicesFolder) + "/" + daemon.unit + "/down";
    const bool has_down = std::any_of(view.files.begin(), view.files.end(),
                                      [&](const File& file) { return file.path == down; });
    EXPECT_EQ(has_down, !daemon.essential) << daemon.unit;
    EXPECT_NE(daemon.port, 0) << daemon.unit;
    EXPECT_TRUE(daemon.log.starts_with("/var/log/")) << daemon.log;
  }
}

TEST(HadoopView, NothingIsLeftUnfilled) {
  for (NodeRole role : {NodeRole::kMaster, NodeRole::kCore, NodeRole::kTask}) {
    for (const File& file : view_of(facts_of_role(role)).files)
      EXPECT_THAT(file.contents, Not(HasSubstr("{{"))) << file.path;
  }
}

TEST(HadoopView, SizesAreThoseOfAwsTables) {
  EXPECT_EQ(yarn_memory_mib(16384), 12288u);  // m5.xlarge
  EXPECT_EQ(yarn_memory_mib(65536), 57344u);  // m5.4xlarge
  EXPECT_EQ(yarn_memory_mib(31232), 23424u);  // r4.xlarge
  EXPECT_EQ(executor_size(16384, 4, false).memory_mib, 9486u);
  EXPECT_EQ(executor_size(32768, 4, false).memory_mib, 18971u);  // r5.xlarge
  EXPECT_EQ(executor_size(32768, 8, false).per_node, 2);         // m5.2xlarge
  EXPECT_EQ(executor_size(32768, 8, true).cores, 8);
  const NodeView view = view_of(facts_of_role(NodeRole::kCore));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/yarn-site.xml"),
              HasSubstr(property("yarn.nodemanager.resource.memory-mb", "12288")));
  const std::string mapred = contents(view, "/etc/hadoop/conf/mapred-site.xml");
  EXPECT_THAT(mapred, HasSubstr(property("mapreduce.map.memory.mb", "3072")));
  EXPECT_THAT(mapred, HasSubstr("-Xmx2458m"));
  EXPECT_THAT(contents(view, "/etc/spark/conf/spark-defaults.conf"),
              HasSubstr("spark.executor.memory 9486M\n"));
}

TEST(HadoopView, OnTheOnlyWorkerAnExecutorLeavesRoomForTheDriver) {
  const auto container = [](uint64_t heap) {
    const uint64_t all = heap + std::max<uint64_t>(384, static_cast<uint64_t>(heap * 0.1875));
    return (all + 31) / 32 * 32;
  };
  struct Case {
    const char* type;
    uint64_t memory;
    int vcpu;
    uint64_t heap;
  };
  const Case cases[] = {{"m5.xlarge", 16384, 4, 8299},
                        {"m5.large", 8192, 2, 3125},
                        {"r5.xlarge", 32768, 4, 18647},
                        // Two executors a node: the driver takes the place of one.
                        {"m5.2xlarge", 32768, 8, executor_size(32768, 8, false).memory_mib},
                        // Nothing would be left: as it is on AWS.
                        {"c4.large", 3840, 2, executor_size(3840, 2, false).memory_mib}};
  for (const Case& c : cases) {
    const ExecutorSize size = only_executor_size(c.memory, c.vcpu);
    EXPECT_EQ(size.memory_mib, c.heap) << c.type;
    if (size.per_node == 1 && c.memory > 4096) {
      EXPECT_LE(container(size.memory_mib) + container(kDriverMemoryMib),
                yarn_memory_mib(c.memory))
          << c.type;
    }
  }
  NodeFacts one = facts_of_role(NodeRole::kMaster);
  one.core_count = 1;
  EXPECT_THAT(contents(view_of(one), "/etc/spark/conf/spark-defaults.conf"),
              HasSubstr("spark.executor.memory 8299M\n"));
}

TEST(HadoopView, ReplicationFollowsTheNumberOfCoreNodes) {
  EXPECT_EQ(hdfs_replication(1), 1);
  EXPECT_EQ(hdfs_replication(3), 1);
  EXPECT_EQ(hdfs_replication(4), 2);
  EXPECT_EQ(hdfs_replication(9), 2);
  EXPECT_EQ(hdfs_replication(10), 3);
}

TEST(HadoopView, ConfigurationsWinAndCannotBreakOut) {
  base::Result<base::Json> json = base::parse_json(R"x([
    {"Classification": "hdfs-site",
     "Properties": {"dfs.replication": "2", "x": "</value><!--\u0001"}},
    {"Classification": "hadoop-env", "Properties": {}, "Configurations": [
      {"Classification": "export",
       "Properties": {"HADOOP_NAMENODE_HEAPSIZE": "2048", "Y": "`id`;$(id)"}}]},
    {"Classification": "emrfs-site",
     "Properties": {"fs.s3.maxRetries": "7", "fs.s3.cse.enabled": "true"}},
    {"Classification": "hadoop-log4j", "Properties": {"a": "b\nlog4j.rootLogger=OFF"}}])x");
  ASSERT_TRUE(json.ok());
  ASSERT_TRUE(check_configurations(json->as_array()).ok());
  const NodeView view = view_of(facts_of_role(NodeRole::kMaster), flatten(json->as_array()));
  const std::string hdfs = contents(view, "/etc/hadoop/conf/hdfs-site.xml");
  EXPECT_THAT(hdfs, HasSubstr(property("dfs.replication", "2")));
  EXPECT_THAT(hdfs, Not(HasSubstr("</value><!--")));
  const std::string env = contents(view, "/etc/hadoop/conf/hadoop-env.sh");
  EXPECT_THAT(env, HasSubstr("export HADOOP_NAMENODE_HEAPSIZE=\"2048\"\n"));
  EXPECT_THAT(env, HasSubstr("export Y=\"\\`id\\`;\\$(id)\"\n"));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/core-site.xml"),
              HasSubstr(property("fs.s3a.attempts.maximum", "7")));
  EXPECT_THAT(view.notes, ElementsAre(HasSubstr("fs.s3.cse.enabled")));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/log4j.properties"),
              HasSubstr("a=b\\nlog4j.rootLogger=OFF\n"));
}

TEST(HadoopView, ReconfigurationRestartsWhoReadsIt) {
  EXPECT_THAT(applications().units_to_restart({"hdfs-site"}),
              ElementsAre("hadoop-hdfs-namenode", "hadoop-hdfs-datanode"));
  EXPECT_THAT(applications().units_to_restart({"capacity-scheduler"}),
              ElementsAre("hadoop-yarn-resourcemanager"));
  EXPECT_THAT(applications().units_to_restart({"spark-defaults"}), ElementsAre());
}

TEST(HadoopView, EveryFilesClassificationIsKnownAndSaidToAct) {
  const std::vector<std::string> known = known_classifications();
  for (const Application& application : applications().all()) {
    for (const ConfigurationFile& file : application.files) {
      EXPECT_THAT(known, Contains(file.classification)) << application.name;
      EXPECT_TRUE(acts_here(file.classification)) << file.classification;
    }
  }
}

TEST(HadoopView, MembersAndLeavingNodesAreThePrimarysFiles) {
  NodeFacts facts = facts_of_role(NodeRole::kMaster);
  facts.leaving = {"ip-10-64-0-12.ec2.internal"};
  const NodeView view = view_of(facts);
  EXPECT_EQ(contents(view, "/etc/hadoop/conf/nodes.include"),
            "ip-10-64-0-11.ec2.internal\nip-10-64-0-12.ec2.internal\n");
  EXPECT_EQ(contents(view, "/etc/hadoop/conf/nodes.exclude"), "ip-10-64-0-12.ec2.internal\n");
}

TEST(HadoopView, VolumesAreFoldersOfHdfsAndYarn) {
  NodeFacts facts = facts_of_role(NodeRole::kCore);
  facts.volumes_gib = {32, 32};
  const NodeView view = view_of(facts);
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/hdfs-site.xml"),
              HasSubstr(property("dfs.datanode.data.dir", "/mnt/hdfs,/mnt1/hdfs")));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/yarn-site.xml"),
              HasSubstr(property("yarn.nodemanager.local-dirs", "/mnt/yarn,/mnt1/yarn")));
}

TEST(HadoopView, MaximizedResourcesFillEveryNode) {
  base::Result<base::Json> json = base::parse_json(
      R"([{"Classification": "spark", "Properties": {"maximizeResourceAllocation": "true"}}])");
  const NodeView view = view_of(facts_of_role(NodeRole::kMaster), flatten(json.value().as_array()));
  const std::string defaults = contents(view, "/etc/spark/conf/spark-defaults.conf");
  EXPECT_THAT(defaults, HasSubstr("spark.executor.instances 2\n"));
  EXPECT_THAT(defaults, HasSubstr("spark.dynamicAllocation.enabled false\n"));
  EXPECT_THAT(defaults, HasSubstr("spark.default.parallelism 16\n"));
}

TEST(Needed, WhatAnApplicationNeedsComesFirstAndPartsLast) {
  const Releases releases = *Releases::load(apps_folder());
  const Release& release = *releases.find("emr-7.10.0");
  EXPECT_THAT(needed_applications(release, {}, false), ElementsAre("Spark"));
  EXPECT_THAT(needed_applications(release, {"Ganglia"}, true),
              ElementsAre("Spark", "Hadoop", "spark-shuffle"));
  const std::vector<std::string> hive = needed_applications(release, {"hive"}, true);
  EXPECT_THAT(hive, Contains("Tez"));
  EXPECT_EQ(hive.front(), "Spark");
  EXPECT_LT(std::find(hive.begin(), hive.end(), "Hadoop"),
            std::find(hive.begin(), hive.end(), "Hive"));
}

}  // namespace
}  // namespace howdah::apps
