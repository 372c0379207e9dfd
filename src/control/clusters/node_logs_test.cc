#include "control/clusters/node_logs.h"

#include <gtest/gtest.h>

#include <random>

#include "control/clusters/a_cluster.h"
#include "control/clusters/hadoop.h"
#include "control/clusters/job_history.h"
#include "control/clusters/memory_objects.h"
#include "http/server.h"
#include "job/yarn_names.h"

namespace howdah::control {
namespace {

const std::string kApplication = "application_1700000000000_0001";
const std::string kFirst = "container_1700000000000_0001_01_000001";
const std::string kSecond = "container_1700000000000_0001_01_000002";

std::string container(const std::string& name, const std::string& file) {
  return std::string(job::kContainersFolder) + "/" + kApplication + "/" + name + "/" + file;
}

class NodeLogsTest : public testing::Test, protected ACluster {
 protected:
  NodeLogsTest() { step_.id = "s-3LZC0QUT43AM"; }
  const cluster::Node& node(int number) {
    return cluster.status.nodes[static_cast<size_t>(number)];
  }
  std::string key(const std::string& rest) { return "emr/j-3SD91U2E1L2QX/" + rest; }
  std::string of_node(int number, const std::string& rest) {
    return key("node/" + node(number).instance_id + "/" + rest);
  }

  // A NameNode and a DataNode with one finished job.
  http::Response answer(http::Request& request) {
    const std::string top = "/webhdfs/v1/tmp/hadoop-yarn/staging/history";
    const auto entry = [](const std::string& name, const char* type) {
      return R"({"FileStatuses":{"FileStatus":[{"pathSuffix":")" + name + R"(","type":")" + type +
             R"(","length":6,"modificationTime":1}]}})";
    };
    if (request.path.ends_with(".jhist")) {
      if (request.query.find("noredirect") == std::string::npos) return {200, {}, "events"};
      return {
          200, {}, R"({"Location":"http://)" + host(2) + ":9864" + request.path + R"(?op=OPEN"})"};
    }
    std::string above = top;
    for (const char* folder : {"done", "2026", "11", "21", "000000"}) {
      if (request.path == above) return {200, {}, entry(folder, "DIRECTORY")};
      above += std::string("/") + folder;
    }
    if (request.path == above) return {200, {}, entry("job_1.jhist", "FILE")};
    return {404, {}, "{}"};
  }

  MemoryObjects objects_;
  NodeLogs logs_{objects_, nodes, clock};
  cluster::Step step_;
};

TEST_F(NodeLogsTest, DaemonsAndContainersGoWhereEmrPutsThem) {
  write(1, "/mnt/var/log/hadoop-hdfs/hadoop-hdfs-datanode-x.log", "started\n");
  write(1, "/mnt/var/log/hadoop-hdfs/audit/a.log", "deep\n");
  write(1, "/mnt/var/log/hadoop-hdfs/empty.log", "");
  write(1, "/mnt/var/log/hadoop/steps/s-1/stdout", "not mine");
  write(1, "/mnt/var/log/apt/history.log", "not mine");
  write(1, container(kSecond, "stdout"), "hello\n");
  write(1, container(kSecond, "launch_container.sh"), "export AWS_CONTAINER_AUTHORIZATION_TOKEN=");
  write(1, std::string(job::kContainersFolder) + "/strange/x/stdout", "not YARN's");
  ASSERT_TRUE(logs_.ship(cluster, node(1), false).ok());
  EXPECT_EQ(objects_.keys(),
            (std::vector<std::string>{
                "logs/" + key("containers/" + kApplication + "/" + kSecond + "/stdout.gz"),
                "logs/" + of_node(1, "applications/hadoop-hdfs/audit/a.log.gz"),
                "logs/" + of_node(1, "applications/hadoop-hdfs/hadoop-hdfs-datanode-x.log.gz")}));
  EXPECT_EQ(objects_.text("logs", key("containers/" + kApplication + "/" + kSecond + "/stdout.gz")),
            "hello\n");
}

TEST_F(NodeLogsTest, WhatHasNotGrownIsNotSentAgain) {
  const std::string file = "/mnt/var/log/hadoop-yarn/nm.log";
  write(1, file, "one\n");
  write(1, container(kFirst, "stdout"), "a");
  ASSERT_TRUE(logs_.ship(cluster, node(1), false).ok());
  ASSERT_TRUE(logs_.ship(cluster, node(1), false).ok());
  EXPECT_EQ(objects_.puts, 2);
  write(1, file, "one\ntwo\n");
  write(1, container(kFirst, "stdout"), "ab");
  ASSERT_TRUE(logs_.ship(cluster, node(1), false).ok());
  EXPECT_EQ(objects_.puts, 3);  // a container's each time, a daemon's every five minutes
  clock.advance(base::Millis(5 * 60 * 1000));
  ASSERT_TRUE(logs_.ship(cluster, node(1), false).ok());
  EXPECT_EQ(objects_.puts, 4);
  write(1, file, "one\ntwo\nthree\n");
  ASSERT_TRUE(logs_.ship(cluster, node(1), true).ok());  // the last time at once
  EXPECT_EQ(objects_.text("logs", of_node(1, "applications/hadoop-yarn/nm.log.gz")),
            "one\ntwo\nthree\n");
}

TEST_F(NodeLogsTest, AnObjectThatIsNewerThanTheFileIsLeftAfterARestart) {
  write(1, "/mnt/var/log/hadoop-yarn/nm.log", "one\n");
  objects_.now = base::SystemClock().now() + base::Millis(1000);  // files have the machine's time
  ASSERT_TRUE(logs_.ship(cluster, node(1), false).ok());
  NodeLogs restarted(objects_, nodes, clock);
  ASSERT_TRUE(restarted.ship(cluster, node(1), false).ok());
  EXPECT_EQ(objects_.puts, 1);
}

TEST_F(NodeLogsTest, ABucketThatIsNotThereIsAnErrorAndNoLogUriIsNone) {
  write(1, "/mnt/var/log/hadoop-yarn/nm.log", "one\n");
  cluster.wanted.log_uri = "s3://none/";
  EXPECT_FALSE(logs_.ship(cluster, node(1), true).ok());
  cluster.wanted.log_uri = "";
  EXPECT_TRUE(logs_.ship(cluster, node(1), true).ok());
}

TEST_F(NodeLogsTest, AStepsContainersAreSentAndItsDriverIsKept) {
  write(0, "/mnt/var/log/hadoop/steps/s-3LZC0QUT43AM/stderr",
        "INFO YarnClientImpl: Submitted application " + kApplication + "\n");
  write(2, container(kFirst, "stdout"), "Pi is roughly 3.14\n");
  write(2, container(kFirst, "stderr"), "INFO\n");
  write(1, container(kSecond, "stderr"), "executor\n");
  ASSERT_TRUE(logs_.ship_containers(cluster, step_).ok());
  ASSERT_TRUE(logs_.ship_containers(cluster, step_).ok());
  EXPECT_EQ(objects_.puts, 3);
  const auto kept =
      nodes.open_file(id(0), "/mnt/var/log/hadoop/steps/s-3LZC0QUT43AM/driver-stdout");
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(tail_of(kept->get(), 1000), "Pi is roughly 3.14\n");
}

TEST_F(NodeLogsTest, JobHistoryComesFromHdfs) {
  const auto server = std::move(http::Server::start({}, [this](http::Request& request) {
                        return answer(request);
                      })).value();
  nodes.listen_for(id(0), kNameNodePort, server->port());
  nodes.listen_for(id(2), 9864, server->port());
  ASSERT_TRUE(logs_.ship(cluster, node(0), false).ok());
  ASSERT_TRUE(logs_.ship(cluster, node(0), false).ok());
  EXPECT_EQ(objects_.text("logs", key("hadoop-mapreduce/history/2026/11/21/000000/job_1.jhist.gz")),
            "events");
  EXPECT_EQ(objects_.puts, 1);
}

TEST(JobHistory, AnyAnswerOfHdfsIsRead) {
  const std::string listing =
      R"({"FileStatuses":{"FileStatus":[{"pathSuffix":"a","type":"FILE","length":1},
      {"pathSuffix":"../x","type":"FILE"},{"pathSuffix":"..","type":"DIRECTORY"}]}})";
  ASSERT_EQ(read_listing(listing)->size(), 1u);
  const std::string place = R"({"Location":"http://ip-a:9864/webhdfs/v1/x?op=OPEN"})";
  EXPECT_EQ(read_place(place)->port, 9864);
  for (const char* wrong :
       {R"({"Location":"https://ip-a:9864/x"})", R"({"Location":"http://a/x"})",
        R"({"Location":"http://a:99999/x"})", R"({"Location":"http://:1/x"})", "[]"})
    EXPECT_FALSE(read_place(wrong).ok()) << wrong;
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    for (std::string text : {listing, place}) {
      for (int i = 0; i < 4; ++i) text[random() % text.size()] = static_cast<char>(random());
      if (const auto read = read_listing(text); read.ok()) {
        for (const HdfsEntry& entry : *read) EXPECT_EQ(entry.name.find('/'), std::string::npos);
      }
      (void)read_place(text);
    }
  }
}

}  // namespace
}  // namespace howdah::control
