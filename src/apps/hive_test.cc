#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/node_view.h"
#include "apps/test_folder.h"
#include "base/json.h"

namespace howdah::apps {
namespace {

using testing::Contains;
using testing::HasSubstr;

NodeView view_of(std::string_view configurations, NodeRole role = NodeRole::kMaster) {
  Installed installed;
  installed.spark_version = "3.1.2";
  installed.java_home = "/usr/lib/jvm/java-17";
  for (const char* name : {"Spark", "Hadoop", "Tez", "Hive", "ZooKeeper"})
    installed.applications.push_back({name, "1", std::string("/engines/") + name, "/usr/lib/jvm"});
  NodeFacts facts;
  facts.hostname = "ip-10-0-0-11.ec2.internal";
  facts.primary_hostname = "ip-10-0-0-10.ec2.internal";
  facts.applications = {"Spark", "Hadoop", "Hive", "ZooKeeper"};
  facts.role = role;
  facts.core_count = 1;
  const base::Result<base::Json> json = base::parse_json(configurations);
  return node_view(installed, *Applications::load(apps_folder()), flatten(json->as_array()), facts);
}

std::string file_at(const NodeView& view, const std::string& path) {
  for (const File& file : view.files) {
    if (file.path == path) return file.contents;
  }
  return {};
}

TEST(Hive, EverybodyAsksTheMetastoreOfThePrimaryNode) {
  for (const NodeRole role : {NodeRole::kMaster, NodeRole::kCore}) {
    const NodeView view = view_of("[]", role);
    for (const char* path : {"/etc/hive/conf/hive-site.xml", "/etc/spark/conf/hive-site.xml"})
      EXPECT_THAT(file_at(view, path), HasSubstr("thrift://ip-10-0-0-10.ec2.internal:9083"));
  }
}

TEST(Hive, DaemonsRunOnThePrimaryNodeAlone) {
  std::vector<std::string> units;
  for (const Daemon& daemon : view_of("[]").daemons) {
    units.push_back(daemon.unit);
    const bool boots = daemon.start == Daemon::Start::kBoot;
    if (daemon.application != "Hive") continue;
    EXPECT_EQ(daemon.essential, boots);
    EXPECT_EQ(boots, daemon.unit == "hive-hcatalog-server");
  }
  EXPECT_THAT(units,
              testing::IsSupersetOf({"hive-hcatalog-server", "hive-server2", "zookeeper-server"}));
  for (const Daemon& daemon : view_of("[]", NodeRole::kCore).daemons)
    EXPECT_TRUE(daemon.application == "Hadoop") << daemon.unit;
}

TEST(Hive, ClassificationsReachTheirFiles) {
  const NodeView view = view_of(R"([
    {"Classification":"hive-site","Properties":{"hive.exec.parallel":"true"}},
    {"Classification":"hiveserver2-site","Properties":{"hive.server2.session.check.interval":"1h"}},
    {"Classification":"hive-env","Configurations":[
      {"Classification":"export","Properties":{"HADOOP_HEAPSIZE":"2048"}}]},
    {"Classification":"tez-site","Properties":{"tez.am.resource.memory.mb":"2048"}},
    {"Classification":"zookeeper-config","Properties":{"tickTime":"500"}}])");
  EXPECT_THAT(file_at(view, "/etc/hive/conf/hive-site.xml"), HasSubstr("hive.exec.parallel"));
  EXPECT_THAT(file_at(view, "/etc/hive/conf/hiveserver2-site.xml"), HasSubstr("check.interval"));
  EXPECT_THAT(file_at(view, "/etc/hive/conf/hive-env.sh"),
              HasSubstr("export HADOOP_HEAPSIZE=\"2048\""));
  EXPECT_THAT(file_at(view, "/etc/tez/conf/tez-site.xml"), HasSubstr("<value>2048</value>"));
  EXPECT_THAT(file_at(view, "/etc/zookeeper/conf/zoo.cfg"), HasSubstr("tickTime=500\n"));
  EXPECT_THAT(view.notes, testing::IsEmpty());
}

TEST(Hive, TheGlueCatalogIsSaidToHaveNoEffectYet) {
  const NodeView view = view_of(R"([{"Classification":"spark-hive-site","Properties":
    {"hive.metastore.client.factory.class":"com.amazonaws.glue.Factory"}}])");
  EXPECT_THAT(view.notes, Contains(HasSubstr("spark-hive-site: hive.metastore.client.factory")));
}

TEST(Spark, ThatOfEmr65OpensJava17sPackagesInExecutors) {
  const std::string defaults = file_at(view_of(R"([{"Classification":"spark-defaults","Properties":
    {"spark.executor.extraJavaOptions":"-Dmine=1"}}])"),
                                       "/etc/spark/conf/spark-defaults.conf");
  EXPECT_THAT(defaults, HasSubstr("spark.executor.defaultJavaOptions"));
  EXPECT_THAT(defaults, HasSubstr("java.base/java.nio"));
  EXPECT_THAT(defaults, HasSubstr("-Dmine"));
}

}  // namespace
}  // namespace howdah::apps
