#include "control/clusters/step_on_node.h"

#include <gtest/gtest.h>

#include "apps/instance_types.h"
#include "control/clusters/a_cluster.h"
#include "control/clusters/node_facts.h"

namespace howdah::control {
namespace {

class StepOnNodeTest : public testing::Test, protected ACluster {
 protected:
  StepOnNodeTest() { step_.id = "s-3LZC0QUT43AM"; }
  cluster::Step step_;
  const std::string folder_ = "/mnt/var/log/hadoop/steps/s-3LZC0QUT43AM/";
};

TEST_F(StepOnNodeTest, HadoopIsThereWhereSeveralNodesOrHiveAre) {
  using Names = std::vector<std::string>;
  cluster.wanted.applications = {"Spark"};
  EXPECT_EQ(site_of(cluster, step_).applications, (Names{"Spark", "Hadoop"}));
  EXPECT_EQ(site_of(cluster, step_).step_id, step_.id);
  cluster.wanted.groups.resize(1);
  cluster.status.nodes.resize(1);
  EXPECT_EQ(site_of(cluster, step_).applications, (Names{"Spark"}));
  cluster.wanted.applications = {"hive"};
  EXPECT_EQ(site_of(cluster, step_).applications, (Names{"hive", "Hadoop"}));
}

TEST_F(StepOnNodeTest, TheDriversContainerIsNamedAsTheLogThatSaysWhy) {
  write(
      0, folder_ + "stderr",
      "Exception in thread \"main\" org.apache.spark.SparkException: Application application_17_1 "
      "finished with failed status\n");
  StepCause cause = cause_of(nodes, id(0), cluster, step_);
  EXPECT_EQ(cause.uri, "s3://logs/emr/j-3SD91U2E1L2QX/steps/s-3LZC0QUT43AM/stderr.gz");
  write(0, folder_ + "driver-stdout", "Traceback\nKeyError: 'x'\n");
  write(0, folder_ + "driver", "application_17_1 container_17_1_01_000001\n");
  cause = cause_of(nodes, id(0), cluster, step_);
  EXPECT_EQ(cause.line, "KeyError: 'x'");
  EXPECT_EQ(cause.file, folder_ + "driver-stdout");
  EXPECT_EQ(cause.uri,
            "s3://logs/emr/j-3SD91U2E1L2QX/containers/application_17_1/container_17_1_01_000001/"
            "stdout.gz");
  cluster.wanted.log_uri = "";
  EXPECT_EQ(cause_of(nodes, id(0), cluster, step_).uri, "");
}

TEST_F(StepOnNodeTest, ANodeKnowsItsPlaceInTheCluster) {
  cluster.wanted.groups[1].volumes_gib = {64, 32};
  cluster.status.nodes[2].leaving = clock.now();
  const apps::InstanceTypes types;
  const apps::NodeFacts core = facts_of(cluster, cluster.status.nodes[1], types, 8192);
  EXPECT_EQ(core.role, apps::NodeRole::kCore);
  EXPECT_FALSE(core.is_primary);
  EXPECT_EQ(core.primary_hostname, host(0));
  EXPECT_EQ(core.core_count, 2);
  EXPECT_EQ(core.instance_count, 3);
  EXPECT_EQ(core.members, (std::vector<std::string>{host(1), host(2)}));
  EXPECT_EQ(core.leaving, std::vector<std::string>{host(2)});
  EXPECT_EQ(core.volumes_gib, (std::vector<uint64_t>{64, 32}));
  EXPECT_EQ(core.local_ip, cluster.status.nodes[1].address);
  EXPECT_EQ(facts_of(cluster, cluster.status.nodes[0], types, 0).role, apps::NodeRole::kMaster);
  const auto hosts = hosts_of(cluster, cluster.status.nodes[1]);
  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[0].first, cluster.status.nodes[0].address);
  EXPECT_EQ(hosts[0].second[0], host(0));
  EXPECT_EQ(hosts[0].second[1], host(0).substr(0, host(0).find('.')));
}

}  // namespace
}  // namespace howdah::control
