// Clusters of several nodes, decided about round after round in a world in memory.

#include <gtest/gtest.h>

#include <algorithm>

#include "cluster/plan/world_in_memory.h"

namespace howdah::cluster {
namespace {

using base::Millis;

class ManyNodes : public testing::Test {
 protected:
  ManyNodes() {
    cluster_.key = {"000000000000", "us-east-1", "j-MANY"};
    cluster_.wanted.name = "many";
    cluster_.wanted.keep_alive = true;
    cluster_.wanted.applications = {"Hadoop", "Spark"};
    add_group("ig-MASTER", Role::kMaster, 1);
    add_group("ig-CORE", Role::kCore, 2);
  }

  void add_group(const std::string& id, Role role, int count) {
    Group group;
    group.id = id;
    group.role = role;
    group.count = count;
    group.instance_type = "m5.xlarge";
    cluster_.wanted.groups.push_back(group);
  }
  Group& group(size_t i) { return cluster_.wanted.groups.at(i); }
  void resize(size_t i, int count) {
    group(i).count = count;
    ++group(i).resize_serial;
  }

  /// One decision, and its actions.
  Plan step() {
    Plan out = plan(cluster_, world_.look(cluster_), now_, limits_);
    cluster_ = out.next;
    std::erase_if(cluster_.steps, [](const Step& s) { return is_terminal(s.state); });
    for (const Event& event : out.events) events_ += event.subject + " " + event.message + "\n";
    for (const Action& action : out.actions) world_.act(out.next, action);
    now_ += Millis(1000);
    return out;
  }
  /// Until nothing moves.
  void settle() {
    for (int round = 0; round < 60; ++round) {
      const Plan out = step();
      if (out.events.empty() && out.actions.empty()) return;
    }
  }
  const Node& node(int number) const {
    return *std::find_if(cluster_.status.nodes.begin(), cluster_.status.nodes.end(),
                         [&](const Node& n) { return n.number == number; });
  }
  const GroupStatus& status(const std::string& id) const {
    return *group_status_of(cluster_.status, id);
  }
  size_t members(const std::string& id) const { return members_of(cluster_, id).size(); }
  void kill(int number) { world_.kill_node(node(number).instance_id); }

  Cluster cluster_;
  WorldInMemory world_;
  Limits limits_;
  base::Time now_ = base::from_millis(1'800'000'000'000);
  std::string events_;
};

TEST_F(ManyNodes, ComeUpTogetherInTheClustersNetwork) {
  settle();
  EXPECT_EQ(cluster_.status.state, State::kWaiting);
  ASSERT_EQ(cluster_.status.nodes.size(), 3u);
  EXPECT_EQ(cluster_.status.network, "10.64.0.0/22");
  EXPECT_EQ(node(0).address, "10.64.0.10");
  EXPECT_EQ(node(2).address, "10.64.0.12");
  for (const Node& n : cluster_.status.nodes) EXPECT_EQ(n.state, InstanceState::kRunning);
  for (const GroupStatus& g : cluster_.status.groups) EXPECT_EQ(g.state, GroupState::kRunning);
  EXPECT_EQ(role_of(cluster_, node(0)), Role::kMaster);
}

TEST_F(ManyNodes, AreWrittenDownBeforeTheyAreMade) {
  Plan out;
  do {
    const size_t before = cluster_.status.nodes.size();
    out = plan(cluster_, world_.look(cluster_), now_);
    for (const Action& action : out.actions) {
      if (action.kind != Action::Kind::kEnsureNode) continue;
      EXPECT_EQ(out.next.status.nodes.size(), 3u);
    }
    EXPECT_TRUE(before == 0 || before == 3);
    step();
  } while (cluster_.status.state == State::kStarting);
}

TEST_F(ManyNodes, WithoutANetworkThreeNodesAreRefusedAndOneSharesTheHosts) {
  Seen seen = world_.look(cluster_);
  seen.network.refused = "user namespaces are off";
  Plan out = plan(cluster_, seen, now_);
  EXPECT_EQ(out.next.status.reason.code, "VALIDATION_ERROR");
  EXPECT_NE(out.next.status.reason.message.find("user namespaces are off"), std::string::npos);
  cluster_.wanted.groups.resize(1);
  out = plan(cluster_, seen, now_);
  ASSERT_EQ(out.next.status.nodes.size(), 1u);
  EXPECT_EQ(out.next.status.nodes[0].address, "");
}

TEST_F(ManyNodes, BootstrapEachByItselfAndSayWhoFailed) {
  cluster_.wanted.bootstrap_actions = {{"a", "s3://b/a.sh", {}}};
  for (int i = 0; i < 6; ++i) step();
  EXPECT_EQ(cluster_.status.state, State::kBootstrapping);
  for (const int number : {1, 2}) world_.finish(node(number).instance_id, "bootstrap-1", 4, now_);
  step();
  EXPECT_EQ(cluster_.status.reason.code, "BOOTSTRAP_FAILURE");
  EXPECT_EQ(cluster_.status.reason.message,
            "On 2 slave instances (including " + node(1).instance_id + " and " +
                node(2).instance_id + "), bootstrap action 1 returned a non-zero return code");
  EXPECT_NE(cluster_.status.errors.at(0).message.find("exit code 4"), std::string::npos);
  settle();
  EXPECT_EQ(cluster_.status.state, State::kTerminatedWithErrors);
  EXPECT_TRUE(world_.nodes.empty());
  EXPECT_TRUE(world_.networks.empty());
}

TEST_F(ManyNodes, ABootstrapActionThatHangsEndsAtItsDeadline) {
  cluster_.wanted.bootstrap_actions = {{"a", "s3://b/a.sh", {}}};
  for (int i = 0; i < 6; ++i) step();
  world_.nodes[node(0).instance_id].processes["bootstrap-1"].running_for = std::chrono::minutes(60);
  step();
  EXPECT_EQ(cluster_.status.reason.message, "On the master instance (" + node(0).instance_id +
                                                "), bootstrap action 1 timed out executing");
}

TEST_F(ManyNodes, ADaemonThatDoesNotStayEndsTheClusterWithItsName) {
  for (int i = 0; i < 3; ++i) step();
  world_.nodes[instance_id(cluster_, 1)].daemons["hadoop-yarn-nodemanager"] =
      Daemon::State::kFailed;
  settle();
  EXPECT_EQ(cluster_.status.state, State::kTerminatedWithErrors);
  EXPECT_EQ(cluster_.status.reason.message,
            "On 1 slave instance (" + node(1).instance_id + "), application provisioning failed");
  ASSERT_EQ(cluster_.status.errors.size(), 1u);
  EXPECT_NE(cluster_.status.errors[0].message.find("hadoop-yarn-nodemanager"), std::string::npos);
}

TEST_F(ManyNodes, AGroupGrowsWhileTheClusterGoesOn) {
  settle();
  resize(1, 3);
  step();
  EXPECT_EQ(status("ig-CORE").state, GroupState::kResizing);
  EXPECT_EQ(cluster_.status.state, State::kWaiting);
  settle();
  EXPECT_EQ(status("ig-CORE").state, GroupState::kRunning);
  EXPECT_EQ(members("ig-CORE"), 3u);
  EXPECT_NE(events_.find("resizing from an instance count of 2 to 3"), std::string::npos);
  EXPECT_NE(events_.find("It now has an instance count of 3"), std::string::npos);
}

TEST_F(ManyNodes, AGroupThatIsAddedComesUp) {
  settle();
  add_group("ig-TASK", Role::kTask, 2);
  settle();
  EXPECT_EQ(status("ig-TASK").state, GroupState::kRunning);
  EXPECT_EQ(members("ig-TASK"), 2u);
  resize(2, 0);
  settle();
  EXPECT_EQ(status("ig-TASK").state, GroupState::kRunning);
  EXPECT_EQ(members("ig-TASK"), 0u);
}

TEST_F(ManyNodes, ALeavingCoreNodeStaysUntilHdfsHasItsBlocksElsewhere) {
  settle();
  world_.hold_decommission = true;
  resize(1, 1);
  for (int i = 0; i < 10; ++i) step();
  EXPECT_TRUE(node(2).leaving.has_value()) << "the newest leaves";
  EXPECT_EQ(node(2).state, InstanceState::kRunning);
  world_.leaving_for = std::chrono::hours(2);
  for (int i = 0; i < 5; ++i) step();
  EXPECT_EQ(node(2).state, InstanceState::kRunning) << "no timeout takes blocks away";
  EXPECT_NE(events_.find("is stuck for the following reason"), std::string::npos);
  world_.hold_decommission = false;
  settle();
  EXPECT_EQ(node(2).state, InstanceState::kTerminated);
  EXPECT_EQ(status("ig-CORE").state, GroupState::kRunning);
}

TEST_F(ManyNodes, ALeavingTaskNodeGoesAtTheTimeoutOfItsGroup) {
  add_group("ig-TASK", Role::kTask, 1);
  settle();
  world_.hold_decommission = true;
  group(2).decommission_seconds = 60;
  resize(2, 0);
  for (int i = 0; i < 5; ++i) step();
  EXPECT_EQ(members("ig-TASK"), 0u);
  EXPECT_FALSE(is_over(node(3)));
  world_.leaving_for = Millis(60'000);
  settle();
  EXPECT_TRUE(is_over(node(3)));
}

TEST_F(ManyNodes, TheNamedOnesLeaveFirst) {
  settle();
  group(1).leave_first = {node(1).instance_id};
  resize(1, 1);
  settle();
  EXPECT_TRUE(is_over(node(1)));
  EXPECT_FALSE(is_over(node(2)));
}

TEST_F(ManyNodes, ANodeThatIsWantedAgainStays) {
  settle();
  world_.hold_decommission = true;
  resize(1, 1);
  for (int i = 0; i < 3; ++i) step();
  ASSERT_TRUE(node(2).leaving.has_value());
  resize(1, 2);
  settle();
  EXPECT_FALSE(node(2).leaving.has_value());
  EXPECT_FALSE(world_.nodes[node(2).instance_id].leaving) << "YARN and HDFS heard of it";
  EXPECT_EQ(cluster_.status.nodes.size(), 3u);
}

TEST_F(ManyNodes, NeverFewerCoreNodesThanCopies) {
  group(1).count = 4;
  settle();
  EXPECT_EQ(replication_of(cluster_), 2);
  resize(1, 0);
  settle();
  EXPECT_EQ(members("ig-CORE"), 2u);
}

TEST_F(ManyNodes, ACoreNodeThatDiesIsReplaced) {
  settle();
  kill(1);
  step();
  EXPECT_NE(events_.find("core/1 replaced"), std::string::npos) << events_;
  settle();
  EXPECT_EQ(node(1).state, InstanceState::kTerminated);
  EXPECT_EQ(node(1).reason.code, "INSTANCE_FAILURE");
  EXPECT_EQ(node(3).state, InstanceState::kRunning);
  EXPECT_EQ(node(3).group_id, "ig-CORE");
  EXPECT_EQ(cluster_.status.state, State::kWaiting);
  EXPECT_EQ(members("ig-CORE"), 2u);
}

TEST_F(ManyNodes, OneThatYarnFindsUnhealthySaysWhyUntilItIsNot) {
  settle();
  Seen seen = world_.look(cluster_);
  seen.nodes[1].unhealthy = "1/1 local-dirs are full";
  Plan out = plan(cluster_, seen, now_);
  EXPECT_EQ(out.next.status.nodes[1].reason.message,
            "YARN places nothing on this instance: 1/1 local-dirs are full");
  EXPECT_EQ(out.next.status.nodes[1].state, InstanceState::kRunning);
  ASSERT_EQ(out.events.size(), 1u);
  EXPECT_TRUE(plan(out.next, seen, now_).events.empty());
  seen.nodes[1].unhealthy.clear();
  out = plan(out.next, seen, now_);
  EXPECT_EQ(out.next.status.nodes[1].reason.message, "");
  EXPECT_EQ(out.events.size(), 1u);
}

TEST_F(ManyNodes, WithoutItsPrimaryTheClusterEnds) {
  settle();
  kill(0);
  settle();
  EXPECT_EQ(cluster_.status.state, State::kTerminatedWithErrors);
  EXPECT_EQ(cluster_.status.reason.code, "INSTANCE_FAILURE");
  EXPECT_EQ(cluster_.status.reason.message,
            "The master instance (" + node(0).instance_id + ") was terminated");
  EXPECT_EQ(node(0).reason.code, "INSTANCE_FAILURE");
  EXPECT_EQ(node(1).reason.code, "CLUSTER_TERMINATED");
  EXPECT_TRUE(world_.nodes.empty());
}

TEST_F(ManyNodes, AfterTheHostsRestartTheSameNodesComeBack) {
  settle();
  world_.restart_host();
  settle();
  EXPECT_EQ(cluster_.status.state, State::kWaiting);
  ASSERT_EQ(cluster_.status.nodes.size(), 3u);
  for (const Node& n : cluster_.status.nodes) {
    EXPECT_EQ(n.state, InstanceState::kRunning);
    EXPECT_FALSE(n.returning);
    EXPECT_EQ(world_.nodes[n.instance_id].processes["services-2"].state, Process::State::kRunning);
  }
}

TEST_F(ManyNodes, AStepWaitsUntilTheReturningPrimarysDaemonsAnswer) {
  settle();
  world_.restart_host();
  auto& daemon = world_.nodes[node(0).instance_id].daemons["hadoop-yarn-resourcemanager"];
  daemon = Daemon::State::kStarting;
  Step waiting;
  waiting.id = "s-1";
  waiting.jar = {"command-runner.jar", "", {"true"}, {}};
  cluster_.steps.push_back(waiting);
  for (int i = 0; i < 6; ++i) step();
  EXPECT_EQ(cluster_.steps.at(0).state, StepState::kPending);
  daemon = Daemon::State::kHealthy;
  for (int i = 0; i < 2; ++i) step();
  EXPECT_EQ(cluster_.steps.at(0).state, StepState::kRunning);
}

TEST_F(ManyNodes, ACrashBetweenTwoOfTheReturningNodesLosesNone) {
  settle();
  world_.restart_host();
  const Plan out = plan(cluster_, world_.look(cluster_), now_);
  cluster_ = out.next;  // committed; the first node is made, then the server dies
  world_.act(cluster_, out.actions.at(0));
  world_.nodes[node(0).instance_id].watched = false;
  settle();
  EXPECT_EQ(cluster_.status.nodes.size(), 3u);
  EXPECT_EQ(cluster_.status.state, State::kWaiting);
}

TEST_F(ManyNodes, AGroupWhoseNewInstancesFailIsArrestedUntilItIsResizedAnew) {
  settle();
  cluster_.wanted.bootstrap_actions = {{"a", "s3://b/a.sh", {}}};
  resize(1, 3);
  for (int round = 0; round < 60; ++round) {
    step();
    for (const Node& n : cluster_.status.nodes) {
      if (world_.nodes[n.instance_id].processes["bootstrap-1"].state == Process::State::kRunning)
        world_.finish(n.instance_id, "bootstrap-1", 9, now_);
    }
  }
  EXPECT_EQ(status("ig-CORE").state, GroupState::kArrested);
  EXPECT_NE(status("ig-CORE").reason.message.find("exit code 9"), std::string::npos);
  EXPECT_EQ(cluster_.status.state, State::kWaiting) << "the cluster goes on";
  EXPECT_EQ(members("ig-CORE"), 2u);
  EXPECT_EQ(cluster_.status.nodes.size(), 6u) << "three attempts";
  resize(1, 2);
  settle();
  EXPECT_EQ(status("ig-CORE").state, GroupState::kRunning);
}

TEST_F(ManyNodes, AGrowingClusterWaitsForTheHost) {
  settle();
  world_.capacity = false;
  resize(1, 5);
  settle();
  EXPECT_EQ(cluster_.status.nodes.size(), 3u);
  EXPECT_EQ(status("ig-CORE").reason.message, "Waiting for capacity");
  world_.capacity = true;
  settle();
  EXPECT_EQ(members("ig-CORE"), 5u);
}

TEST_F(ManyNodes, AReconfigurationTakesOneInstanceAfterTheOther) {
  settle();
  group(1).configurations = {base::JsonObject{{"Classification", "yarn-site"}}};
  group(1).configurations_version = 1;
  step();
  EXPECT_EQ(status("ig-CORE").state, GroupState::kReconfiguring);
  EXPECT_EQ(node(1).applying, 1);
  EXPECT_EQ(node(2).applying, -1);
  settle();
  EXPECT_EQ(status("ig-CORE").state, GroupState::kRunning);
  EXPECT_EQ(status("ig-CORE").applied_version, 1);
  for (const int number : {1, 2}) EXPECT_EQ(node(number).configurations_version, 1);
  EXPECT_NE(events_.find("Current configuration version is 1"), std::string::npos);
}

TEST_F(ManyNodes, AReconfigurationThatStopsADaemonGoesBack) {
  settle();
  group(1).configurations = {base::JsonObject{{"Classification", "yarn-site"}}};
  group(1).configurations_version = 1;
  step();
  world_.nodes[node(1).instance_id].daemons["hadoop-yarn-nodemanager"] = Daemon::State::kFailed;
  step();
  EXPECT_EQ(status("ig-CORE").failed_version, 1);
  EXPECT_EQ(base::to_text(base::Json(configurations_of(cluster_, "ig-CORE"))), "[]");
  world_.nodes[node(1).instance_id].daemons.clear();
  settle();
  EXPECT_EQ(status("ig-CORE").state, GroupState::kRunning);
  EXPECT_EQ(node(1).configurations_version, 0);
  EXPECT_EQ(node(1).applying, -1);
  EXPECT_NE(status("ig-CORE").reason.message.find("does not stay with it"), std::string::npos);
  group(1).configurations_version = 2;
  settle();
  EXPECT_EQ(status("ig-CORE").applied_version, 2);
}

TEST_F(ManyNodes, ADaemonThatIsGivenUpLaterIsToldOfOnce) {
  settle();
  auto& daemon = world_.nodes[node(2).instance_id].daemons["hadoop-yarn-nodemanager"];
  daemon = Daemon::State::kFailed;
  events_.clear();
  settle();
  EXPECT_EQ(cluster_.status.state, State::kWaiting);
  EXPECT_EQ(std::count(events_.begin(), events_.end(), '\n'), 1) << events_;
  daemon = Daemon::State::kHealthy;
  settle();
  EXPECT_NE(events_.find("is healthy again"), std::string::npos);
}

TEST_F(ManyNodes, ATerminationTakesAllOfThemAndThenTheNetwork) {
  settle();
  cluster_.wanted.terminate = "user";
  Plan out = step();
  EXPECT_EQ(std::count_if(out.actions.begin(), out.actions.end(),
                          [](const Action& a) { return a.kind == Action::Kind::kRemoveNode; }),
            3);
  EXPECT_FALSE(world_.networks.empty());
  settle();
  EXPECT_EQ(cluster_.status.state, State::kTerminated);
  EXPECT_TRUE(world_.networks.empty());
  for (const GroupStatus& g : cluster_.status.groups) EXPECT_EQ(g.state, GroupState::kTerminated);
}

TEST_F(ManyNodes, ARowFromBeforeThereWereNodesKeepsItsNode) {
  Cluster old;
  old.key = cluster_.key;
  old.wanted.keep_alive = true;
  old.wanted.groups = {group(0)};
  old.status.state = State::kWaiting;
  old.status.admitted = true;
  cluster_ = old;
  world_.nodes[instance_id(old, 0)].alive = true;
  step();
  settle();
  ASSERT_EQ(cluster_.status.nodes.size(), 1u);
  EXPECT_EQ(cluster_.status.nodes[0].state, InstanceState::kRunning);
  EXPECT_EQ(cluster_.status.state, State::kWaiting);
}

}  // namespace
}  // namespace howdah::cluster
