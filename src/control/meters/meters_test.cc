#include "control/meters/meters.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace howdah::control {
namespace {

using cluster::Cluster;
using cluster::InstanceState;

Cluster with_groups() {
  Cluster out;
  out.key = {"000000000000", "us-east-1", "j-1"};
  for (const auto& [id, role, count] : {std::tuple{"ig-m", cluster::Role::kMaster, 1},
                                        std::tuple{"ig-c", cluster::Role::kCore, 3}}) {
    cluster::Group group;
    group.id = id;
    group.role = role;
    group.count = count;
    out.wanted.groups.push_back(group);
  }
  for (int number = 0; number < 3; ++number) {
    cluster::Node node;
    node.number = number;
    node.group_id = number == 0 ? "ig-m" : "ig-c";
    node.state = number == 2 ? InstanceState::kBootstrapping : InstanceState::kRunning;
    out.status.nodes.push_back(node);
  }
  return out;
}

double value_of(const std::vector<Measured>& all, std::string_view name) {
  const Measured* found = find(all, name);
  return found ? found->value : -1;
}

TEST(Meters, NodesAreCountedByRoleAndStepsMakeAClusterBusy) {
  Cluster cluster = with_groups();
  const std::vector<Measured> no_hadoop;
  auto measured = measure_rows(cluster, &no_hadoop);
  EXPECT_EQ(value_of(measured, "CoreNodesRunning"), 1);
  EXPECT_EQ(value_of(measured, "CoreNodesPending"), 2);
  EXPECT_EQ(find(measured, "TaskNodesRunning"), nullptr);
  EXPECT_EQ(value_of(measured, "IsIdle"), 1);
  const std::vector<Measured> busy{{"AppsRunning", 1, "Count"}};
  EXPECT_EQ(value_of(measure_rows(cluster, &busy), "IsIdle"), 0);
  EXPECT_EQ(find(measure_rows(cluster, nullptr), "IsIdle"), nullptr);
  cluster.steps.emplace_back();
  EXPECT_EQ(value_of(measure_rows(cluster, nullptr), "IsIdle"), 0);
}

TEST(HadoopNumbers, YarnsCountsGetCloudWatchsNames) {
  const auto read = read_yarn_metrics(
      R"({"clusterMetrics":{"appsSubmitted":3,"appsRunning":1,"containersAllocated":4,)"
      R"("containersPending":2,"availableMB":1024,"totalMB":4096,"lostNodes":-1}})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(value_of(*read, "AppsSubmitted"), 3);
  EXPECT_EQ(value_of(*read, "ContainerPendingRatio"), 0.5);
  EXPECT_EQ(value_of(*read, "YARNMemoryAvailablePercentage"), 25);
  EXPECT_EQ(find(*read, "MRLostNodes"), nullptr);
  EXPECT_EQ(find(*read, "AppsFailed"), nullptr);
  for (const char* bad : {"", "[]", "{}", R"({"clusterMetrics":1})"})
    EXPECT_FALSE(read_yarn_metrics(bad).ok()) << bad;
}

TEST(HadoopNumbers, HdfssBeanGetsCloudWatchsNames) {
  const auto read = read_hdfs_metrics(
      R"({"beans":[{"MissingBlocks":0,"CapacityUsed":50,"CapacityTotal":200,)"
      R"("NumLiveDataNodes":3,"NumDeadDataNodes":1,"CapacityRemainingGB":7.0}]})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(value_of(*read, "MissingBlocks"), 0);
  EXPECT_EQ(value_of(*read, "HDFSUtilization"), 25);
  EXPECT_EQ(value_of(*read, "LiveDataNodes"), 75);
  for (const char* bad : {"", "{}", R"({"beans":[]})", R"({"beans":[1]})"})
    EXPECT_FALSE(read_hdfs_metrics(bad).ok()) << bad;
}

class Round : public testing::Test {
 protected:
  Round() {
    folder_ = testing::TempDir() + "howdah-meters-" + std::to_string(getpid());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    telemetry_ = *telemetry::Telemetry::open(folder_ + "/telemetry.db", clock_);
    store_ = *store::ControlStore::open(folder_ + "/control.db", clock_);
    Cluster cluster = with_groups();
    EXPECT_TRUE(store_->create_cluster(cluster.key, cluster.wanted, {}, {}, {}, {}).ok());
    auto loaded = *store_->load(cluster.key);
    Cluster next = loaded.cluster;
    next.status.state = cluster::State::kWaiting;
    next.status.nodes = cluster.status.nodes;
    EXPECT_TRUE(store_->commit(loaded, next, {}).ok());
  }
  ~Round() override {
    telemetry_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Meters meters(bool hadoop, std::string answer) {
    return Meters(
        {*store_, *telemetry_, clock_, [hadoop](const Cluster&) { return hadoop; },
         [answer](const Cluster&, uint16_t, const std::string&) -> base::Result<std::string> {
           if (answer.empty()) return base::unavailable("no answer");
           return answer;
         }});
  }
  std::vector<std::string> published() {
    std::vector<std::string> out;
    const auto page = telemetry_->metrics({"000000000000", "us-east-1"}, {}, "", 100);
    for (const auto& metric : page->metrics) {
      EXPECT_EQ(metric.space, "AWS/ElasticMapReduce");
      EXPECT_EQ(metric.dimensions, (telemetry::Dimensions{{"JobFlowId", "j-1"}}));
      out.push_back(metric.name);
    }
    return out;
  }
  using Names = std::vector<std::string>;

  base::FakeClock clock_;
  std::string folder_;
  std::unique_ptr<telemetry::Telemetry> telemetry_;
  std::unique_ptr<store::ControlStore> store_;
};

TEST_F(Round, AClusterWithoutHadoopSaysWhetherItIsIdle) {
  meters(false, "").measure();
  EXPECT_EQ(published(), (Names{"CoreNodesRunning", "CoreNodesPending", "IsIdle"}));
}

TEST_F(Round, DaemonsThatDoNotAnswerLeaveTheirMetricsOut) {
  meters(true, "").measure();
  EXPECT_EQ(published(), (Names{"CoreNodesRunning", "CoreNodesPending"}));
  meters(true, R"({"clusterMetrics":{"appsRunning":0}})").measure();
  EXPECT_EQ(published(), (Names{"CoreNodesRunning", "CoreNodesPending", "AppsRunning", "IsIdle"}));
}

TEST_F(Round, MetersOfOtherKindsHaveTheirTurn) {
  Meters all({*store_, *telemetry_, clock_, [](const Cluster&) { return false; }, {}});
  int turns = 0;
  all.add([&](base::Time now) {
    EXPECT_EQ(now, clock_.now());
    ++turns;
    return base::ok();
  });
  all.measure();
  EXPECT_EQ(turns, 1);
}

}  // namespace
}  // namespace howdah::control
