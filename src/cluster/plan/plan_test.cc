#include "cluster/plan/plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

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
  out.status.state = state;
  out.status.admitted = out.status.node_wanted = state != State::kStarting;
  if (state == State::kRunning || state == State::kWaiting)
    out.status.instance = InstanceState::kRunning;
  return out;
}

Seen healthy() {
  Seen seen;
  seen.engine.state = Seen::Engine::State::kInstalled;
  seen.node_exists = seen.node_alive = true;
  seen.final_logs_shipped = true;
  return seen;
}

void exited(Seen& seen, const std::string& id, int code) {
  Process process;
  process.state = Process::State::kExited;
  process.exit_code = code;
  process.ended = kNow;
  seen.processes[id] = process;
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
  EXPECT_EQ(out.next.status.instance, InstanceState::kRunning);
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
  Seen seen = healthy();
  seen.node_exists = seen.node_alive = false;
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
  seen.node_exists = false;
  const Plan out = plan(cluster, seen, kNow);
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
      seen.node_exists = seen.node_alive = false;
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
    seen.node_exists = seen.node_alive = false;
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
  seen.processes["s-1"].state = Process::State::kLost;
  seen.processes["s-1"].lost_reason = "the host was restarted";
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
  seen.processes["s-1"].state = Process::State::kRunning;
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
  seen.processes["s-1"].state = Process::State::kRunning;
  Plan out = plan(cluster, seen, kNow);
  EXPECT_EQ(out.next.status.state, State::kTerminating);
  EXPECT_EQ(out.next.steps[1].state, StepState::kCancelled);
  EXPECT_TRUE(has(out, Action::Kind::kSignalStep));
  exited(seen, "s-1", 143);
  out = plan(out.next, seen, kNow);
  EXPECT_TRUE(has(out, Action::Kind::kRemoveNode));
  seen.node_exists = seen.node_alive = false;
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

// ---- properties ---------------------------------------------------------------------------------

Cluster any_cluster() {
  Cluster cluster = cluster_in(
      *rc::gen::element(State::kStarting, State::kBootstrapping, State::kRunning, State::kWaiting,
                        State::kTerminating, State::kTerminated, State::kTerminatedWithErrors),
      *rc::gen::arbitrary<bool>());
  cluster.wanted.step_concurrency = *rc::gen::inRange(1, 4);
  if (*rc::gen::inRange(0, 4) == 0) cluster.wanted.terminate = "user";
  if (*rc::gen::arbitrary<bool>()) cluster.wanted.log_uri = "s3://logs/x";
  if (*rc::gen::inRange(0, 3) == 0) cluster.wanted.idle_timeout_seconds = 60;
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    cluster.wanted.bootstrap_actions.push_back({"b", "s3://b/x", {}});
  const bool may_run =
      cluster.status.state == State::kRunning || cluster.status.state == State::kTerminating;
  for (int i = is_terminal(cluster.status.state) ? 0 : *rc::gen::inRange(0, 4); i > 0; --i) {
    Step s = step("s-" + std::to_string(i),
                  *rc::gen::element(OnFailure::kContinue, OnFailure::kCancelAndWait,
                                    OnFailure::kTerminateCluster));
    s.cancel = *rc::gen::weightedElement<Cancel>(
        {{4, Cancel::kNo}, {1, Cancel::kInterrupt}, {1, Cancel::kKill}});
    if (cluster.status.state == State::kTerminating)
      s.state = StepState::kCancelPending;
    else if (may_run)
      s.state =
          *rc::gen::element(StepState::kPending, StepState::kRunning, StepState::kCancelPending);
    cluster.steps.push_back(s);
  }
  return cluster;
}

Seen any_seen(const Cluster& cluster) {
  Seen seen = healthy();
  seen.engine.state =
      *rc::gen::element(Seen::Engine::State::kMissing, Seen::Engine::State::kInstalling,
                        Seen::Engine::State::kInstalled, Seen::Engine::State::kFailed);
  seen.engine.text = "what the engine says";
  seen.capacity = *rc::gen::arbitrary<bool>();
  seen.capacity_reason = "what the host says";
  seen.node_exists = *rc::gen::arbitrary<bool>();
  seen.node_alive = seen.node_exists && *rc::gen::arbitrary<bool>();
  seen.memory_for_step = *rc::gen::arbitrary<bool>();
  seen.final_logs_shipped = *rc::gen::arbitrary<bool>();
  seen.idle = Millis(*rc::gen::inRange(0, 120'000));
  const auto process = [&](const std::string& id) {
    Process p;
    p.state = *rc::gen::element(Process::State::kUnknown, Process::State::kRunning,
                                Process::State::kExited, Process::State::kLost);
    p.exit_code = *rc::gen::inRange(0, 3);
    if (p.state == Process::State::kExited) p.ended = kNow - Millis(*rc::gen::inRange(0, 20'000));
    seen.processes[id] = p;
    seen.step_ends[id].logs_shipped = *rc::gen::arbitrary<bool>();
  };
  for (const Step& s : cluster.steps) process(s.id);
  for (int i = 1; i <= 2; ++i) process(process_of_bootstrap(i));
  return seen;
}

RC_GTEST_PROP(PlanProperties, AnEndedClusterStaysAsItIsAndGainsNothing, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  if (!is_terminal(cluster.status.state)) RC_DISCARD();
  RC_ASSERT(out.next.status == cluster.status);
  for (const Action& action : out.actions) RC_ASSERT(action.kind == Action::Kind::kRemoveNode);
}

RC_GTEST_PROP(PlanProperties, NeverMoreStepsAreStartedThanTheConcurrencyAllows, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  const auto live = [](const std::vector<Step>& steps) {
    return std::count_if(steps.begin(), steps.end(), [](const Step& s) {
      return s.state == StepState::kRunning || s.state == StepState::kCancelPending;
    });
  };
  RC_ASSERT(live(out.next.steps) <=
            std::max<long>(cluster.wanted.step_concurrency, live(cluster.steps)));
}

RC_GTEST_PROP(PlanProperties, AStepNeverCompletesWithoutAProcessThatEndedWithZero, ()) {
  const Cluster cluster = any_cluster();
  const Seen seen = any_seen(cluster);
  const Plan out = plan(cluster, seen, kNow);
  for (const Step& s : out.next.steps) {
    if (s.state != StepState::kCompleted) continue;
    const Process& p = seen.processes.at(s.id);
    RC_ASSERT(p.state == Process::State::kExited);
    RC_ASSERT(p.exit_code == 0);
  }
}

RC_GTEST_PROP(PlanProperties, TheSameLookTwiceChangesNothingMore, ()) {
  const Cluster cluster = any_cluster();
  const Seen seen = any_seen(cluster);
  Cluster settled = plan(cluster, seen, kNow).next;
  // Ended steps are not loaded again; a few rounds lead through the states.
  for (int round = 0; round < 6; ++round) {
    std::erase_if(settled.steps, [](const Step& s) { return is_terminal(s.state); });
    settled = plan(settled, seen, kNow).next;
  }
  std::erase_if(settled.steps, [](const Step& s) { return is_terminal(s.state); });
  const Plan again = plan(settled, seen, kNow);
  RC_ASSERT(again.events.empty());
  RC_ASSERT(again.next.status == settled.status);
}

RC_GTEST_PROP(PlanProperties, EveryEndHasAReason, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  if (out.next.status.state == State::kTerminating && cluster.status.state != State::kTerminating) {
    RC_ASSERT(!out.next.status.reason.code.empty());
    RC_ASSERT(!out.next.status.reason.message.empty());
  }
}

}  // namespace
}  // namespace howdah::cluster
