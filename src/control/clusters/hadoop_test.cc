#include "control/clusters/hadoop.h"

#include <gtest/gtest.h>

#include <random>

#include "base/digest.h"
#include "control/clusters/a_cluster.h"
#include "control/clusters/fake_world.h"
#include "http/server.h"
#include "job/launch.h"
#include "job/yarn_names.h"

namespace howdah::control {
namespace {

using Yarn = HadoopSeen::Yarn;
using Hdfs = HadoopSeen::Hdfs;

// As the daemons of Hadoop 3.4.2 answer, shortened.
const std::string kNodes = R"({"nodes":{"node":[
  {"rack":"/default-rack","state":"RUNNING","id":"ip-a:8041","nodeHostName":"ip-a",
   "numContainers":3,"usedMemoryMB":1024},
  {"state":"LOST","id":"ip-a:8040","nodeHostName":"ip-a","numContainers":0},
  {"state":"DECOMMISSIONING","nodeHostName":"ip-b","numContainers":1},
  {"state":"UNHEALTHY","nodeHostName":"ip-d","healthReport":"1/1 local-dirs are full"},
  {"state":"SHUTDOWN","nodeHostName":"ip-c"}]}})";
const std::string kInfo =
    R"({"beans":[{"name":"Hadoop:service=NameNode,name=NameNodeInfo",)"
    R"("LiveNodes":"{\"ip-a:9866\":{\"infoAddr\":\"1.2.3.4:9864\",\"adminState\":\"In Service\"},)"
    R"(\"ip-b:9866\":{\"adminState\":\"Decommission In Progress\"}}",)"
    R"("DeadNodes":"{\"ip-c:9866\":{\"lastContact\":30,\"decommissioned\":false}}"}]})";
const std::string kSystem =
    R"({"beans":[{"MissingBlocks":2,"UnderReplicatedBlocks":7,"CapacityTotal":1}]})";

TEST(HadoopAnswers, WhatYarnAndHdfsSayOfEachHost) {
  HadoopSeen seen;
  ASSERT_TRUE(read_yarn_nodes(kNodes, seen).ok());
  ASSERT_TRUE(read_name_node_info(kInfo, seen).ok());
  ASSERT_TRUE(read_namesystem(kSystem, seen).ok());
  EXPECT_EQ(seen.nodes["ip-a"].yarn, Yarn::kRunning);
  EXPECT_EQ(seen.nodes["ip-a"].containers, 3);
  EXPECT_EQ(seen.nodes["ip-a"].unhealthy, "");
  EXPECT_EQ(seen.nodes["ip-d"].yarn, Yarn::kRunning);
  EXPECT_EQ(seen.nodes["ip-d"].unhealthy, "1/1 local-dirs are full");
  EXPECT_EQ(seen.nodes["ip-a"].hdfs, Hdfs::kLive);
  EXPECT_EQ(seen.nodes["ip-b"].yarn, Yarn::kDecommissioning);
  EXPECT_EQ(seen.nodes["ip-b"].hdfs, Hdfs::kDecommissioning);
  EXPECT_EQ(seen.nodes["ip-c"].yarn, Yarn::kNone);
  EXPECT_EQ(seen.nodes["ip-c"].hdfs, Hdfs::kDead);
  EXPECT_EQ(seen.missing_blocks, 2);
  EXPECT_EQ(seen.under_replicated, 7);
  EXPECT_TRUE(read_yarn_nodes(R"({"nodes":null})", seen).ok());  // before the first has come
}

TEST(HadoopAnswers, AnyBytesAreRead) {
  std::mt19937 random(11);
  const std::string apps =
      R"({"apps":{"app":[{"id":"application_1_1","state":"RUNNING","applicationTags":"a,b"}]}})";
  for (int round = 0; round < 4000; ++round) {
    for (std::string text : {kNodes, kInfo, kSystem, apps}) {
      for (int i = 0; i < 4; ++i) text[random() % text.size()] = static_cast<char>(random());
      if (round % 3 == 0) text.resize(random() % text.size());
      HadoopSeen seen;
      (void)read_yarn_nodes(text, seen);
      (void)read_name_node_info(text, seen);
      (void)read_namesystem(text, seen);
      if (const auto read = read_applications(text); read.ok()) {
        for (const YarnApplication& app : *read) EXPECT_TRUE(job::is_application_id(app.id));
      }
      EXPECT_LE(seen.nodes.size(), 8u);
    }
  }
}

class HadoopTest : public testing::Test, protected ACluster {
 protected:
  HadoopTest() {
    server_ = std::move(http::Server::start({}, [this](http::Request& request) {
                return answer(request);
              })).value();
    nodes.listen_for(id(0), kResourceManagerPort, server_->port());
    nodes.listen_for(id(0), kNameNodePort, server_->port());
    step_.id = "s-3LZC0QUT43AM";
  }

  http::Response answer(http::Request& request) {
    if (request.method == "PUT") {
      ended_.push_back(request.target + " " + *http::read_all(*request.body, 1000));
      return {202, {}, "{}"};
    }
    if (request.path == "/ws/v1/cluster/nodes") return {200, {}, kNodes};
    if (request.path == "/ws/v1/cluster/apps") {
      asked_apps_ = request.query;
      return {200, {}, apps_};
    }
    return {200, {}, request.query.find("NameNodeInfo") != std::string::npos ? kInfo : kSystem};
  }

  FakeEngines engines_;
  std::unique_ptr<Hadoop> hadoop_ = make_local_hadoop(nodes, engines_, clock);
  std::unique_ptr<http::Server> server_;
  cluster::Step step_;
  std::vector<std::string> ended_;
  std::string asked_apps_;
  std::string apps_ = R"({"apps":null})";
};

TEST_F(HadoopTest, ThePrimaryNodeIsAsked) {
  const auto seen = hadoop_->look(cluster);
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(seen->nodes.at("ip-a").containers, 3);
  EXPECT_EQ(seen->missing_blocks, 2);
  nodes.listen_for(id(0), kNameNodePort, 0);
  EXPECT_EQ(hadoop_->look(cluster).error().code, base::Code::kUnavailable);
}

TEST_F(HadoopTest, OnlyTheStepsOwnApplicationsAreEnded) {
  apps_ =
      R"({"apps":{"app":[
        {"id":"application_1_1","state":"RUNNING","applicationTags":"howdah-step-s-3lzc0qut43am,x"},
        {"id":"application_1_2","state":"RUNNING","applicationTags":"howdah-step-s-other"},
        {"id":"application_1_3","state":"FINISHED",
         "applicationTags":"howdah-step-s-3lzc0qut43am"}]}})";
  write(0, "/mnt/var/log/hadoop/steps/s-3LZC0QUT43AM/stderr",
        "INFO YarnClientImpl: Submitted application application_1_7\n");
  ASSERT_TRUE(hadoop_->end_applications(cluster, step_).ok());
  EXPECT_EQ(ended_,
            (std::vector<std::string>{
                "/ws/v1/cluster/apps/application_1_1/state?user.name=hadoop {\"state\":\"KILLED\"}",
                "/ws/v1/cluster/apps/application_1_7/state?user.name=hadoop "
                "{\"state\":\"KILLED\"}"}));
  EXPECT_NE(asked_apps_.find(job::tag_of_step(step_.id)), std::string::npos);
}

TEST_F(HadoopTest, ARefreshRunsOncePerRequestAndAgainWhenItFailedOrWasOvertaken) {
  const auto refresh = [&](std::vector<std::string> leaving) {
    return hadoop_->refresh(cluster, leaving, base::Millis(30000));
  };
  const auto last = [&] { return nodes.started().back().spec; };
  ASSERT_TRUE(refresh({host(2)}).ok());
  ASSERT_TRUE(refresh({host(2)}).ok());
  ASSERT_EQ(nodes.started().size(), 1u);
  EXPECT_EQ(last().argv, (std::vector<std::string>{"/usr/lib/howdah/refresh-nodes", "30"}));
  EXPECT_FALSE(refresh({}).ok());  // the first still runs
  nodes.finish(id(0), last().id);
  ASSERT_TRUE(refresh({host(2)}).ok());
  EXPECT_EQ(nodes.started().size(), 1u);
  ASSERT_TRUE(refresh({}).ok());
  ASSERT_EQ(nodes.started().size(), 2u);
  nodes.finish(id(0), last().id, 1);
  ASSERT_TRUE(refresh({}).ok());
  ASSERT_EQ(nodes.started().size(), 3u);
  nodes.finish(id(0), last().id);
  ASSERT_TRUE(refresh({host(2)}).ok());  // asked for before, and overtaken since
  EXPECT_EQ(nodes.started().size(), 4u);
}

}  // namespace
}  // namespace howdah::control
