#include "control/clusters/daemons.h"

#include <gtest/gtest.h>

#include <random>

#include "control/clusters/a_cluster.h"
#include "http/server.h"

namespace howdah::control {
namespace {

using State = DaemonSeen::State;

const std::string kFolder = std::string(kServicesFolder) + "/hadoop-hdfs-namenode/";
const DaemonUnit kNameNode{.unit = "hadoop-hdfs-namenode",
                           .application = "Hadoop",
                           .port = 9870,
                           .health_path = "/jmx",
                           .log = "/var/log/hadoop-hdfs/nn.log"};

class DaemonsTest : public testing::Test, protected ACluster {
 protected:
  DaemonSeen look(const DaemonUnit& unit = kNameNode) {
    auto seen = daemons_->look(cluster, cluster.status.nodes[0], {unit});
    EXPECT_TRUE(seen.ok());
    return seen.ok() ? (*seen)[0] : DaemonSeen{};
  }
  void serve(int status) {
    server_ = std::move(http::Server::start({}, [this, status](http::Request& request) {
                ++asked_;
                return http::Response{request.path == "/jmx" ? status : 404, {}, "{}"};
              })).value();
    nodes.listen_for(id(0), 9870, server_->port());
  }

  std::unique_ptr<Daemons> daemons_ = make_local_daemons(nodes, clock);
  std::unique_ptr<http::Server> server_;
  std::atomic<int> asked_ = 0;
};

TEST_F(DaemonsTest, ADaemonIsHealthyWhenItRunsAndAnswers) {
  EXPECT_EQ(look().state, State::kStarting);  // runsv has not taken it up
  write(0, kFolder + "supervise/stat", "run\n");
  write(0, kFolder + "supervise/pid", "17\n");
  EXPECT_EQ(look().state, State::kStarting);  // nobody listens
  clock.advance(base::Millis(200));
  serve(200);
  EXPECT_EQ(look().state, State::kHealthy);
  DaemonUnit tcp = kNameNode;
  tcp.health_path.clear();
  tcp.unit = "another";
  write(0, std::string(kServicesFolder) + "/another/supervise/stat", "run, got TERM\n");
  EXPECT_EQ(look(tcp).state, State::kHealthy);
}

TEST_F(DaemonsTest, AnAnswerOtherThan200IsNotHealth) {
  write(0, kFolder + "supervise/stat", "run\n");
  serve(503);
  EXPECT_EQ(look().state, State::kStarting);
}

TEST_F(DaemonsTest, AProbeIsBelievedForAMomentAndOnlyOfTheSameProcess) {
  write(0, kFolder + "supervise/stat", "run\n");
  write(0, kFolder + "supervise/pid", "17\n");
  serve(200);
  look();
  look();
  EXPECT_EQ(asked_, 1);
  clock.advance(base::Millis(2000));
  look();
  EXPECT_EQ(asked_, 2);
  write(0, kFolder + "supervise/pid", "18\n");
  look();
  EXPECT_EQ(asked_, 3);
}

TEST_F(DaemonsTest, OneThatWasGivenUpOnFailsWithItsExitCodeAndLastLines) {
  write(0, kFolder + "supervise/stat", "down, normally up\n");
  std::string ended, log;
  for (int i = 0; i < 5; ++i) ended += std::to_string(1700000000 + i * 3) + " 1 0\n";
  for (int i = 0; i < 40; ++i) log += "line " + std::to_string(i) + "\n";
  write(0, kFolder + "ended", ended);
  write(0, kFolder + "gave-up", "");
  write(0, kNameNode.log, log + "java.net.BindException: Port in use: 9870\n");
  const DaemonSeen seen = look();
  EXPECT_EQ(seen.state, State::kFailed);
  EXPECT_EQ(seen.exit_code, 1);
  EXPECT_EQ(seen.ends, 5);
  EXPECT_TRUE(seen.last_lines.ends_with("BindException: Port in use: 9870")) << seen.last_lines;
  EXPECT_TRUE(seen.last_lines.starts_with("line 29\n")) << seen.last_lines;
  EXPECT_EQ(seen.log, kNameNode.log);
}

TEST_F(DaemonsTest, OneThatWasStoppedOrNeverAskedForIsDown) {
  write(0, kFolder + "down", "");
  EXPECT_EQ(look().state, State::kDown);
  write(0, kFolder + "supervise/stat", "down\n");
  write(0, kFolder + "ended", "1700000000 143 0\n");
  EXPECT_EQ(look().state, State::kDown);
}

TEST_F(DaemonsTest, SvIsToldOnceWhileItWorksAndAgainAfterwards) {
  const cluster::Node& node = cluster.status.nodes[1];
  const auto restart = [&] {
    return daemons_->control(cluster, node, DaemonVerb::kRestart, "hadoop-yarn-nodemanager");
  };
  ASSERT_TRUE(restart().ok());
  ASSERT_TRUE(restart().ok());
  ASSERT_EQ(nodes.started().size(), 1u);
  const nodes::ProcessSpec spec = nodes.started()[0].spec;
  EXPECT_EQ(spec.argv,
            (std::vector<std::string>{"sv", "-w", "30", "force-restart",
                                      "/mnt/var/lib/howdah/services/hadoop-yarn-nodemanager"}));
  EXPECT_EQ(spec.user, "root");
  nodes.finish(id(1), spec.id);
  ASSERT_TRUE(restart().ok());
  EXPECT_EQ(nodes.started().size(), 2u);
}

TEST(Runit, ItsFilesAreReadWhateverTheyHold) {
  EXPECT_EQ(runit_state_of("run, paused\n"), RunitState::kRun);
  EXPECT_EQ(runit_state_of("running"), RunitState::kUnknown);
  EXPECT_EQ(runit_state_of(""), RunitState::kUnknown);
  const Ends by_signal = read_ends("5 -1 9\nnonsense\n1 2\n100 -1 9\n");
  EXPECT_EQ(by_signal.count, 2);
  EXPECT_EQ(by_signal.signal, 9);
  EXPECT_EQ(by_signal.exit_code, 0);
  std::mt19937 random(3);
  const std::string seed = "1700000000 1 0\n1700000003 -1 9\n99999999999999999999 1 0\n";
  for (int round = 0; round < 3000; ++round) {
    std::string text = seed;
    for (int i = 0; i < 6; ++i) text[random() % text.size()] = static_cast<char>(random());
    EXPECT_LE(read_ends(text).count, 70);
    (void)runit_state_of(text);
  }
}

}  // namespace
}  // namespace howdah::control
