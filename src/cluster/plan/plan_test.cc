#include "cluster/plan/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace howdah::cluster {
namespace {

using base::Millis;

const base::Time kNow = base::from_millis(1'800'000'000'000);

Step step(const std::string& id, OnFailure on_failure = OnFailure::kContinue) {
  Step out;
  out.id = id;
  out.name = id;
  out.on_failure = on_failure;
  out.jar = {"command-runner.jar", "", {"true"}, {}};
  return out;
}

Cluster cluster_in(State state, bool keep_alive = true) {
  Cluster out;
  out.key = {"000000000000", "us-east-1", "j-TEST"};
  out.wanted.name = "test";
  out.wanted.keep_alive = keep_alive;
  out.wanted.applications = {"Spark"};
  Group primary;
  primary.id = "ig-MASTER";
  primary.instance_type = "m5.xlarge";
  out.wanted.groups.push_back(primary);
  out.status.state = state;
  if (state == State::kStarting) return out;
  const bool over = is_terminal(state);
  out.status.admitted = !over;
  out.status.network_chosen = true;
  out.status.next_number = 1;
  Node node;
  node.instance_id = instance_id(out, 0);
  node.group_id = primary.id;
  node.state = over                             ? InstanceState::kTerminated
               : state == State::kBootstrapping ? InstanceState::kBootstrapping
                                                : InstanceState::kRunning;
  node.announced = true;
  out.status.nodes.push_back(node);
  GroupStatus group;
  group.id = primary.id;
  group.state = over                             ? GroupState::kTerminated
                : state == State::kTerminating   ? GroupState::kTerminating
                : state == State::kBootstrapping ? GroupState::kBootstrapping
                                                 : GroupState::kRunning;
  group.target = 1;
  out.status.groups.push_back(group);
  return out;
}

Seen healthy() {
  Seen seen;
  seen.engine.state = Seen::Engine::State::kInstalled;
  seen.network.subnet = "10.64.0.0/22";
  SeenNode& primary = seen.nodes[0];
  primary.exists = primary.alive = primary.watched = primary.attached = true;
  primary.final_logs_shipped = true;
  return seen;
}

Seen without_node() {
  Seen seen = healthy();
  seen.nodes[0] = SeenNode();
  return seen;
}

void exited(Seen& seen, const std::string& id, int code) {
  Process process;
  process.state = Process::State::kExited;
  process.exit_code = code;
  process.ended = kNow;
  seen.nodes[0].processes[id] = process;
  seen.step_ends[id].logs_shipped = true;
}

bool has(const Plan& plan, Action::Kind kind) {
  return std::any_of(plan.actions.begin(), plan.actions.end(),
                     [&](const Action& a) { return a.kind == kind; });
}

TEST(Plan, AClusterWithoutStepsWaitsWithAwsWords) {
  const Plan out = plan(cluster_in(State::kStarting), healthy(), kNow);
  EXPECT_EQ(out.next.status.state, State::kWaiting);
  EXPECT_EQ(out.next.status.reason.message, "Cluster ready to run steps.");
  EXPECT_EQ(out.next.status.timeline.ready, kNow);
  EXPECT_EQ(out.next.status.nodes.at(0).state, InstanceState::kRunning);
}

TEST(Plan, AMissingEngineIsInstalledAndItsProgressIsTheReason) {
  Seen seen = healthy();
  seen.engine = {Seen::Engine::State::kInstalling, "Downloading Spark 3.5.5, 140 of 317 MB"};
  const Plan out = plan(cluster_in(State::kStarting), seen, kNow);
  EXPECT_EQ(out.next.status.state, State::kStarting);
  EXPECT_EQ(out.next.status.reason.message, "Downloading Spark 3.5.5, 140 of 317 MB");
  EXPECT_FALSE(out.next.status.admitted);
}

TEST(Plan, AFailedDownloadIsAValidationError) {
  Seen seen = without_node();
  seen.engine = {Seen::Engine::State::kFailed, "pip could not download pyspark 3.5.5: no route"};
  const Plan out = plan(cluster_in(State::kStarting), seen, kNow);
  EXPECT_EQ(out.next.status.state, State::kTerminatedWithErrors);
  EXPECT_EQ(out.next.status.reason.code, "VALIDATION_ERROR");
  EXPECT_EQ(out.next.status.errors.size(), 1u);
}

TEST(Plan, WithoutCapacityItWaitsInStartingWithTheReason) {
  Seen seen = healthy();
  seen.capacity = false;
  seen.capacity_reason = "Waiting for capacity: …";
  const Plan out = plan(cluster_in(State::kStarting), seen, kNow);
  EXPECT_EQ(out.next.status.state, State::kStarting);
  EXPECT_EQ(out.next.status.reason.message, "Waiting for capacity: …");
  EXPECT_TRUE(out.actions.empty());
}

TEST(Plan, ABootstrapActionThatFailsEndsTheClusterWithAwsWords) {
  Cluster cluster = cluster_in(State::kBootstrapping);
  cluster.wanted.bootstrap_actions = {{"a", "s3://b/a.sh", {}}, {"b", "s3://b/b.sh", {}}};
  Seen seen = healthy();
  EXPECT_EQ(plan(cluster, seen, kNow).actions.at(0).number, 1);
  exited(seen, "bootstrap-1", 0);
  EXPECT_EQ(plan(cluster, seen, kNow).actions.at(0).number, 2);
  exited(seen, "bootstrap-2", 3);
  Plan out = plan(cluster, seen, kNow);
  EXPECT_EQ(out.next.status.state, State::kTerminating);
  out = plan(out.next, without_node(), kNow);
  EXPECT_EQ(out.next.status.state, State::kTerminatedWithErrors);
  EXPECT_EQ(out.next.status.reason.code, "BOOTSTRAP_FAILURE");
  EXPECT_EQ(out.next.status.reason.message,
            "On the master instance (" + instance_id(cluster) +
                "), bootstrap action 2 returned a non-zero return code");
  EXPECT_NE(out.next.status.errors.at(0).message.find("exit code 3"), std::string::npos);
}

TEST(Plan, StepsRunOneAtATimeInOrder) {
  Cluster cluster = cluster_in(State::kWaiting);
  cluster.steps = {step("s-1"), step("s-2")};
  const Plan out = plan(cluster, healthy(), kNow);
  EXPECT_EQ(out.next.status.state, State::kRunning);
  EXPECT_EQ(out.next.status.reason.message, "Running step");
  EXPECT_EQ(out.next.steps[0].state, StepState::kRunning);
  EXPECT_EQ(out.next.steps[1].state, StepState::kPending);
  ASSERT_EQ(out.actions.size(), 1u);
  EXPECT_EQ(out.actions[0].step_id, "s-1");
}

TEST(Plan, ConcurrencyStartsAsManyAsAllowed) {
  Cluster cluster = cluster_in(State::kRunning);
  cluster.wanted.step_concurrency = 2;
  cluster.steps = {step("s-1"), step("s-2"), step("s-3")};
  const Plan out = plan(cluster, healthy(), kNow);
  EXPECT_EQ(out.actions.size(), 2u);
  EXPECT_EQ(out.next.steps[2].state, StepState::kPending);
}

struct Failure {
  OnFailure policy;
  bool keep_alive;
  int concurrency;
  State state;
  StepState other;
  std::string message;
};

TEST(Plan, EveryFailurePolicy) {
  const std::vector<Failure> cases = {
      {OnFailure::kContinue, true, 1, State::kRunning, StepState::kRunning, "Running step"},
      {OnFailure::kCancelAndWait, true, 1, State::kWaiting, StepState::kCancelled,
       "Cluster ready after last step failed."},
      {OnFailure::kCancelAndWait, false, 1, State::kTerminatedWithErrors, StepState::kCancelled,
       "Shut down as step failed"},
      {OnFailure::kTerminateCluster, true, 1, State::kTerminatedWithErrors, StepState::kCancelled,
       "Shut down as step failed"},
      {OnFailure::kTerminateCluster, true, 2, State::kRunning, StepState::kRunning, "Running step"},
  };
  for (const Failure& c : cases) {
    Cluster cluster = cluster_in(State::kRunning, c.keep_alive);
    cluster.status.reason.message = "Running step";
    cluster.wanted.step_concurrency = c.concurrency;
    cluster.steps = {step("s-1", c.policy), step("s-2")};
    cluster.steps[0].state = StepState::kRunning;
    Seen seen = healthy();
    exited(seen, "s-1", 1);
    Plan out = plan(cluster, seen, kNow);
    if (out.next.status.state == State::kTerminating) {
      seen.nodes[0] = SeenNode();
      out = plan(out.next, seen, kNow);
    }
    EXPECT_EQ(out.next.steps[0].state, StepState::kFailed);
    EXPECT_EQ(out.next.steps[1].state, c.other);
    EXPECT_EQ(out.next.status.state, c.state) << c.message;
    EXPECT_EQ(out.next.status.reason.message, c.message);
  }
}

TEST(Plan, ATransientClusterSaysWhetherAStepFailed) {
  for (const int code : {0, 1}) {
    Cluster cluster = cluster_in(State::kRunning, false);
    cluster.steps = {step("s-1")};
    cluster.steps[0].state = StepState::kRunning;
    Seen seen = healthy();
    exited(seen, "s-1", code);
    Plan out = plan(cluster, seen, kNow);
    seen.nodes[0] = SeenNode();
    out = plan(out.next, seen, kNow);
    EXPECT_EQ(out.next.status.state, State::kTerminated);
    EXPECT_EQ(out.next.status.reason.code, "ALL_STEPS_COMPLETED");
    EXPECT_EQ(out.next.status.reason.message,
              code == 0 ? "Steps completed" : "Steps completed with errors");
  }
}

TEST(Plan, AStepWhoseProcessIsLostFails) {
  Cluster cluster = cluster_in(State::kRunning);
  cluster.steps = {step("s-1")};
  cluster.steps[0].state = StepState::kRunning;
  Seen seen = healthy();
  seen.nodes[0].processes["s-1"].state = Process::State::kLost;
  seen.nodes[0].processes["s-1"].lost_reason = "the host was restarted";
  seen.step_ends["s-1"].logs_shipped = true;
  const Plan out = plan(cluster, seen, kNow);
  EXPECT_EQ(out.next.steps[0].state, StepState::kFailed);
  EXPECT_EQ(out.next.steps[0].failure_message, "the host was restarted");
}

TEST(Plan, ARunningStepWithoutAProcessIsStartedAgain) {
  Cluster cluster = cluster_in(State::kRunning);
  cluster.steps = {step("s-1")};
  cluster.steps[0].state = StepState::kRunning;
  EXPECT_TRUE(has(plan(cluster, healthy(), kNow), Action::Kind::kStartStep));
}

TEST(Plan, TheLastUploadPrecedesTheEndOfAStepForTenSecondsAtMost) {
  Cluster cluster = cluster_in(State::kRunning);
  cluster.wanted.log_uri = "s3://logs/";
  cluster.steps = {step("s-1")};
  cluster.steps[0].state = StepState::kRunning;
  Seen seen = healthy();
  exited(seen, "s-1", 0);
  seen.step_ends["s-1"].logs_shipped = false;
  Plan out = plan(cluster, seen, kNow);
  EXPECT_EQ(out.next.steps[0].state, StepState::kRunning);
  EXPECT_TRUE(has(out, Action::Kind::kShipStepLogs));
  out = plan(cluster, seen, kNow + kLogGrace);
  EXPECT_EQ(out.next.steps[0].state, StepState::kCompleted);
}

TEST(Plan, CancellingARunningStepInterruptsThenKills) {
  Cluster cluster = cluster_in(State::kRunning);
  cluster.steps = {step("s-1"), step("s-2")};
  cluster.steps[0].state = StepState::kRunning;
  cluster.steps[0].cancel = cluster.steps[1].cancel = Cancel::kInterrupt;
  Seen seen = healthy();
  seen.nodes[0].processes["s-1"].state = Process::State::kRunning;
  Plan out = plan(cluster, seen, kNow);
  EXPECT_EQ(out.next.steps[0].state, StepState::kCancelPending);
  EXPECT_EQ(out.next.steps[1].state, StepState::kCancelled);
  ASSERT_TRUE(has(out, Action::Kind::kSignalStep));
  EXPECT_FALSE(out.actions[0].kill);
  out = plan(out.next, seen, kNow + kCancelGrace);
  EXPECT_TRUE(out.actions[0].kill);
  exited(seen, "s-1", 143);
  out = plan(out.next, seen, kNow + kCancelGrace);
  EXPECT_EQ(out.next.steps[0].state, StepState::kCancelled);
  EXPECT_EQ(out.next.status.state, State::kWaiting);
}

TEST(Plan, TerminationProtectsNothingThatRuns) {
  Cluster cluster = cluster_in(State::kRunning);
  cluster.wanted.terminate = "user";
  cluster.steps = {step("s-1"), step("s-2")};
  cluster.steps[0].state = StepState::kRunning;
  Seen seen = healthy();
  seen.nodes[0].processes["s-1"].state = Process::State::kRunning;
  Plan out = plan(cluster, seen, kNow);
  EXPECT_EQ(out.next.status.state, State::kTerminating);
  EXPECT_EQ(out.next.steps[1].state, StepState::kCancelled);
  EXPECT_TRUE(has(out, Action::Kind::kSignalStep));
  exited(seen, "s-1", 143);
  out = plan(out.next, seen, kNow);
  EXPECT_TRUE(has(out, Action::Kind::kRemoveNode));
  seen.nodes[0] = SeenNode();
  out = plan(out.next, seen, kNow);
  EXPECT_EQ(out.next.status.state, State::kTerminated);
  EXPECT_EQ(out.next.status.reason, (Reason{"USER_REQUEST", "Terminated by user request"}));
}

TEST(Plan, AutoTerminationActsOnSteadyTimeAlone) {
  Cluster cluster = cluster_in(State::kWaiting);
  cluster.wanted.idle_timeout_seconds = 60;
  Seen seen = healthy();
  seen.idle = Millis(59'000);
  Plan out = plan(cluster, seen, kNow + std::chrono::hours(8));
  EXPECT_EQ(out.next.status.state, State::kWaiting);
  EXPECT_EQ(out.look_again, Millis(1000));
  seen.idle = Millis(60'000);
  EXPECT_EQ(plan(cluster, seen, kNow).next.status.state, State::kTerminating);
}

}  // namespace
}  // namespace howdah::cluster
