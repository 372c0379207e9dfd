#include "apps/node_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "apps/child.h"
#include "apps/files.h"
#include "apps/test_folder.h"

namespace howdah::apps {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Templates spark_templates() {
  base::Result<Templates> templates = load_templates(apps_folder() / "spark");
  CHECK(templates.ok());
  return *std::move(templates);
}

Installed spark() {
  return {.label = "emr-7.10.0",
          .spark_version = "3.5.5",
          .root = "/engines/spark",
          .spark_home = "/engines/spark/spark",
          .local_yarn = "/engines/spark/spark/local-yarn",
          .python_path = "/engines/spark/python",
          .java_home = "/usr/lib/jvm/java-17-openjdk-amd64"};
}

Configurations configured(std::string_view text) {
  base::Result<base::Json> json = base::parse_json(text);
  CHECK(json.ok());
  CHECK(check_configurations(json->as_array()).ok());
  return flatten(json->as_array());
}

NodeView view_of(const Configurations& configurations, const NodeFacts& facts = {}) {
  static const Templates templates = spark_templates();
  return node_view(spark(), templates, configurations, facts);
}

std::string contents(const NodeView& view, std::string_view path) {
  for (const File& file : view.files) {
    if (file.path == path) return file.contents;
  }
  ADD_FAILURE() << "no file " << path;
  return {};
}

constexpr std::string_view kSparkDefaults = "/etc/spark/conf/spark-defaults.conf";

TEST(NodeView, ShowsSparkWhereEmrHasIt) {
  const NodeView view =
      view_of({}, {.region = "eu-west-1", .release_label = "emr-7.10.0", .cluster_id = "j-1"});
  ASSERT_EQ(view.mounts.size(), 2u);
  EXPECT_EQ(view.mounts[0].source, "/engines/spark/spark");
  EXPECT_EQ(view.mounts[0].target, "/usr/lib/spark");
  EXPECT_TRUE(view.mounts[0].read_only);
  EXPECT_EQ(*find(view.environment, "AWS_ENDPOINT_URL"), "http://localhost:4566");
  EXPECT_EQ(*find(view.environment, "AWS_DEFAULT_REGION"), "eu-west-1");
  EXPECT_EQ(*find(view.environment, "JAVA_HOME"), "/usr/lib/jvm/java-17-openjdk-amd64");
  EXPECT_EQ(find(view.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI"), nullptr);
  const std::string core = contents(view, "/etc/hadoop/conf/core-site.xml");
  EXPECT_THAT(core, HasSubstr("<name>fs.s3.impl</name>"));
  EXPECT_THAT(core, HasSubstr("<value>eu-west-1</value>"));
  EXPECT_THAT(core, HasSubstr("hadoop-${user.name}"));
  for (const File& file : view.files) EXPECT_THAT(file.contents, Not(HasSubstr("{{"))) << file.path;
  EXPECT_TRUE(view.notes.empty());
}

TEST(NodeView, BringsAJavaThatLiesOutsideUsr) {
  Installed elsewhere = spark();
  elsewhere.java_home = "/opt/jdk-17";
  const NodeView view = node_view(elsewhere, spark_templates(), {}, {});
  ASSERT_EQ(view.mounts.size(), 3u);
  EXPECT_EQ(view.mounts[2].source, "/opt/jdk-17");
  EXPECT_EQ(*find(view.environment, "JAVA_HOME"), view.mounts[2].target.string());
}

TEST(NodeView, WrappersCanBeExecuted) {
  const NodeView view = view_of({});
  std::vector<std::string> programs;
  for (const File& file : view.files) {
    if (file.path.parent_path() != "/usr/bin") continue;
    EXPECT_EQ(file.mode, 0755u) << file.path;
    EXPECT_TRUE(file.contents.starts_with("#!/bin/sh\n") ||
                file.contents.starts_with("#!/bin/bash\n"))
        << file.path;
    programs.push_back(file.path.filename());
  }
  EXPECT_THAT(programs,
              ElementsAre("aws", "dnf", "hadoop", "hdfs", "howdah-submit", "howdah-warm-driver",
                          "pip", "pip3", "pyspark", "run-example", "spark-example", "spark-shell",
                          "spark-sql", "spark-submit", "systemctl", "yum"));
}

TEST(NodeView, InfoFilesAreSpelledAsScriptsGrepThem) {
  const NodeView view = view_of({}, {.cluster_id = "j-1", .hostname = "ip-10-0-0-1.ec2.internal"});
  EXPECT_THAT(contents(view, "/mnt/var/lib/info/instance.json"),
              HasSubstr("\n  \"isMaster\": true,\n"));
  EXPECT_THAT(contents(view, "/mnt/var/lib/info/job-flow.json"),
              HasSubstr("\n  \"masterPrivateDnsName\": \"ip-10-0-0-1.ec2.internal\",\n"));
  for (const char* name : {"instance", "job-flow", "extraInstanceData"}) {
    EXPECT_TRUE(
        base::parse_json(contents(view, std::string("/mnt/var/lib/info/") + name + ".json")).ok());
  }
}

TEST(NodeView, ClassificationsOverrideTheDefaults) {
  const NodeView view = view_of(configured(R"([
    {"Classification":"spark-defaults","Properties":{
      "spark.driver.memory":"7g","spark.sql.shuffle.partitions":"8"}},
    {"Classification":"spark-log4j2","Properties":{"rootLogger.level":"warn"}},
    {"Classification":"core-site","Properties":{
      "fs.s3a.committer.name":"directory","my.key":"a<b"}},
    {"Classification":"hdfs-site","Properties":{"dfs.replication":"1"}}])"));
  EXPECT_THAT(contents(view, kSparkDefaults), HasSubstr("\nspark.driver.memory 7g\n"));
  EXPECT_THAT(contents(view, kSparkDefaults), HasSubstr("\nspark.sql.shuffle.partitions 8\n"));
  EXPECT_THAT(contents(view, "/etc/spark/conf/log4j2.properties"),
              HasSubstr("\nrootLogger.level warn\n"));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/core-site.xml"), HasSubstr("<value>a&lt;b</value>"));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/core-site.xml"),
              HasSubstr("<value>directory</value>"));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/core-site.xml"),
              Not(HasSubstr("<value>magic</value>")));
  EXPECT_THAT(contents(view, "/etc/hadoop/conf/hdfs-site.xml"),
              HasSubstr("<name>dfs.replication</name>"));
}

TEST(NodeView, YarnInTheConfigurationRunsLocallyAndSaysSo) {
  const NodeView view = view_of(configured(R"([{"Classification":"spark-defaults","Properties":{
      "spark.master":"yarn","spark.submit.deployMode":"cluster"}}])"));
  EXPECT_THAT(contents(view, kSparkDefaults), HasSubstr("\nspark.master local[*]\n"));
  EXPECT_THAT(contents(view, kSparkDefaults), HasSubstr("\nspark.submit.deployMode client\n"));
  EXPECT_EQ(view.notes.size(), 2u);
}

TEST(NodeView, MaximizeResourceAllocationGivesTheDriverTheNode) {
  const NodeFacts facts{.memory_mib = 16384, .vcpu = 4};
  EXPECT_THAT(contents(view_of({}, facts), kSparkDefaults),
              HasSubstr("\nspark.driver.memory 4096m\n"));
  const NodeView view = view_of(
      configured(
          R"([{"Classification":"spark","Properties":{"maximizeResourceAllocation":"true"}}])"),
      facts);
  EXPECT_THAT(contents(view, kSparkDefaults), HasSubstr("\nspark.driver.memory 13107m\n"));
  EXPECT_THAT(contents(view, kSparkDefaults), HasSubstr("\nspark.default.parallelism 8\n"));
  EXPECT_EQ(driver_memory_mib({.memory_mib = 65536, .host_memory_mib = 8192}, true), 6553u);
  EXPECT_EQ(driver_memory_mib({.memory_mib = 1024}, false), 1024u);
}

TEST(NodeView, CredentialsAreAUriNeverAFile) {
  const NodeView view =
      view_of({}, {.credentials_uri = "http://127.0.0.1:4566/c", .credentials_token = "s3cr3t"});
  EXPECT_EQ(*find(view.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN"), "s3cr3t");
  for (const File& file : view.files)
    EXPECT_THAT(file.contents, Not(HasSubstr("s3cr3t"))) << file.path;
}

// What bash makes of spark-env.sh with one exported value.
std::string exported(const std::string& value) {
  Configurations configurations;
  configurations.exports["spark-env"] = {{"PROBE", value}};
  const TestFolder folder;
  const std::filesystem::path script = folder.path() / "spark-env.sh";
  const std::filesystem::path log = folder.path() / "log";
  CHECK(write_file(script, contents(view_of(configurations), "/etc/spark/conf/spark-env.sh")).ok());
  base::Result<Child> bash = Child::start(
      {.argv = {"bash", "-euc", ". \"$1\"; printf %s \"$PROBE\"", "-", script.string()},
       .environment = {{"KNOWN", "here"}},
       .log = log});
  CHECK(bash.ok());
  EXPECT_EQ(bash->wait(), 0) << value;
  return *read_file(log);
}

TEST(SparkEnv, RefersToVariablesAsUsersWriteThem) {
  EXPECT_EQ(exported("/opt:$KNOWN:${KNOWN}/x"), "/opt:here:here/x");
  EXPECT_EQ(exported("\"two words\""), "two words");
  EXPECT_EQ(exported("'$KNOWN'"), "$KNOWN");
  EXPECT_EQ(exported("`id` $(id) \"; id; \" \\ ${KNOWN:-$(id)} $"),
            "`id` $(id) \"; id; \" \\ ${KNOWN:-$(id)} $");
}

TEST(SparkEnv, NoValueBreaksOut) {
  rc::check([] {
    const std::string value = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("ab '\"`\\$(){};&|<>\n#!*?~%=-")));
    // Variables are the one thing that is meant to act, and one pair of quotes around the whole
    // goes.
    for (char next : {'a', 'b', '{'})
      RC_PRE(value.find(std::string("$") + next) == std::string::npos);
    RC_PRE(value.empty() || (value.front() != '\'' && value.front() != '"'));
    RC_ASSERT(exported(value) == value);
  });
}

}  // namespace
}  // namespace howdah::apps
