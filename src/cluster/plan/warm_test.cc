// One warm driver in a primary-only cluster: when it is made, when it is ended.

#include <gtest/gtest.h>

#include <algorithm>

#include "cluster/plan/plan.h"
#include "job/warm_driver.h"

namespace howdah::cluster {
namespace {

using base::Millis;
using Kind = Action::Kind;

const base::Time kNow = base::from_millis(1'800'000'000'000);

/// A primary-only cluster that waits, and what is seen of it; steps end as soon as they are asked.
class OneNode {
 public:
  OneNode() {
    cluster.key = {"000000000000", "us-east-1", "j-TEST"};
    cluster.wanted.keep_alive = true;
    cluster.wanted.applications = {"Spark"};
    Group group;
    group.id = "ig-MASTER";
    cluster.wanted.groups.push_back(group);
    cluster.status.state = State::kWaiting;
    cluster.status.admitted = cluster.status.network_chosen = true;
    cluster.status.next_number = 1;
    Node node;
    node.instance_id = instance_id(cluster, 0);
    node.group_id = group.id;
    node.state = InstanceState::kRunning;
    node.announced = true;
    cluster.status.nodes.push_back(node);
    GroupStatus status;
    status.id = group.id;
    status.state = GroupState::kRunning;
    status.target = 1;
    cluster.status.groups.push_back(status);
    seen.memory_for_warm = true;
    primary.exists = primary.alive = primary.watched = primary.attached = true;
    primary.can_be_warm = true;
  }

  const Plan& look() {
    last = plan(cluster, seen, kNow);
    cluster = last.next;
    std::erase_if(cluster.steps, [](const Step& s) { return is_terminal(s.state); });
    for (const Action& action : last.actions) {
      if (action.kind == Kind::kStartWarm) run(process_of_warm(action.number));
      if (action.kind == Kind::kEndWarm) run(process_of_warm_end(action.number));
      if (action.kind == Kind::kStartStep) run(action.step_id);
    }
    return last;
  }
  bool acts(Kind kind) {
    const Plan& out = look();
    return std::any_of(out.actions.begin(), out.actions.end(),
                       [&](const Action& action) { return action.kind == kind; });
  }
  void add(const std::string& id, std::vector<std::string> args) {
    Step step;
    step.id = id;
    step.on_failure = OnFailure::kContinue;
    step.jar = {"command-runner.jar", "", std::move(args), {}};
    cluster.steps.push_back(step);
  }
  void run(const std::string& process) {
    primary.processes[process].state = Process::State::kRunning;
  }
  void end(const std::string& process, int code = 0) {
    Process& it = primary.processes[process];
    it.state = Process::State::kExited;
    it.exit_code = code;
    it.ended = kNow;
    seen.step_ends[process].logs_shipped = true;
  }
  /// A step begins and ends.
  void one_step(const std::string& id, std::vector<std::string> args = {"spark-submit", "x.py"}) {
    add(id, std::move(args));
    ASSERT_TRUE(acts(Kind::kStartStep));
    end(id);
  }
  /// Behind one step there is a driver that waits.
  void warm_up() {
    one_step("s-1");
    ASSERT_TRUE(acts(Kind::kStartWarm));
    primary.warm_waits = true;
  }
  const Warm& warm() const { return cluster.status.warm; }

  Cluster cluster;
  Seen seen;
  SeenNode& primary = seen.nodes[0];
  Plan last;
};

TEST(Warm, ADriverIsMadeWhenASparkStepHasEndedAndReplacedWhenItWasUsed) {
  OneNode one;
  EXPECT_FALSE(one.acts(Kind::kStartWarm)) << "nobody has asked";
  one.add("s-1", {"spark-submit", "--driver-memory", "2g", "x.py"});
  EXPECT_FALSE(one.acts(Kind::kStartWarm)) << "not under a step";
  EXPECT_FALSE(one.acts(Kind::kStartWarm));
  one.end("s-1");
  EXPECT_TRUE(one.acts(Kind::kStartWarm));
  EXPECT_EQ(one.cluster.status.state, State::kWaiting) << "it is no step";
  EXPECT_EQ(one.warm().number, 1);
  EXPECT_EQ(one.warm().has, "2g");
  one.primary.warm_waits = true;
  EXPECT_FALSE(one.acts(Kind::kStartWarm));
  one.add("s-2", {"spark-submit", "--driver-memory", "2g", "x.py"});
  EXPECT_TRUE(one.acts(Kind::kStartStep));
  one.primary.warm_waits = false;
  one.end("warm-1");
  EXPECT_FALSE(one.acts(Kind::kStartWarm)) << "the step still runs";
  one.end("s-2");
  EXPECT_TRUE(one.acts(Kind::kStartWarm));
  EXPECT_EQ(one.warm().number, 2);
}

TEST(Warm, OnlyWhereAndWhenItIsOfUse) {
  {
    OneNode one;
    one.primary.can_be_warm = false;
    one.one_step("s-1");
    EXPECT_FALSE(one.acts(Kind::kStartWarm));
    EXPECT_FALSE(one.last.look_again);
  }
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"bash", "-c", "spark-submit x.py"}, {"spark-submit", "--jars", "a.jar", "x.py"}}) {
    OneNode one;
    one.one_step("s-1", args);
    EXPECT_FALSE(one.acts(Kind::kStartWarm)) << args[0];
  }
  {
    OneNode one;
    one.seen.memory_for_warm = false;
    one.one_step("s-1");
    EXPECT_FALSE(one.acts(Kind::kStartWarm));
    EXPECT_TRUE(one.last.look_again) << "memory may become free";
    one.seen.memory_for_warm = true;
    EXPECT_TRUE(one.acts(Kind::kStartWarm));
  }
  {
    OneNode one;  // the next step is there already
    one.add("s-1", {"spark-submit", "x.py"});
    one.add("s-2", {"spark-submit", "x.py"});
    EXPECT_TRUE(one.acts(Kind::kStartStep));
    one.end("s-1");
    EXPECT_FALSE(one.acts(Kind::kStartWarm));
  }
}

TEST(Warm, ItKeepsNoClusterAlive) {
  OneNode one;
  one.warm_up();
  one.cluster.wanted.idle_timeout_seconds = 60;
  one.seen.idle = Millis(60'000);
  one.look();
  EXPECT_EQ(one.cluster.status.state, State::kTerminating);
  OneNode transient;
  transient.cluster.wanted.keep_alive = false;
  transient.one_step("s-1");
  EXPECT_FALSE(transient.acts(Kind::kStartWarm));
  EXPECT_EQ(transient.cluster.status.state, State::kTerminating);
}

TEST(Warm, OneThatFailsIsMadeAgainOnlyForAnotherStep) {
  OneNode one;
  one.one_step("s-1");
  EXPECT_TRUE(one.acts(Kind::kStartWarm));
  one.end("warm-1", 70);
  EXPECT_FALSE(one.acts(Kind::kStartWarm));
  EXPECT_FALSE(one.last.look_again);
  one.one_step("s-2");
  EXPECT_TRUE(one.acts(Kind::kStartWarm));
}

TEST(Warm, WhatWasDecidedAndNotDoneIsDone) {
  OneNode one;
  one.one_step("s-1");
  EXPECT_TRUE(one.acts(Kind::kStartWarm));
  one.primary.processes.erase("warm-1");  // the server ended between commit and action
  EXPECT_TRUE(one.acts(Kind::kStartWarm));
  EXPECT_EQ(one.warm().number, 1);
}

TEST(Warm, ItIsEndedWhenMemoryGetsShortAndNotMadeAgainAtOnce) {
  OneNode one;
  one.warm_up();
  one.seen.memory_short = true;
  EXPECT_TRUE(one.acts(Kind::kEndWarm));
  EXPECT_FALSE(one.acts(Kind::kEndWarm)) << "once";
  one.end("warm-1");
  one.seen.memory_short = false;
  EXPECT_FALSE(one.acts(Kind::kStartWarm));
  EXPECT_FALSE(one.last.look_again);
}

TEST(Warm, AStepThatHasJustBegunMayTakeItFirst) {
  OneNode one;
  one.warm_up();
  one.add("s-2", {"spark-submit", "x.py"});
  one.seen.memory_short = true;
  EXPECT_FALSE(one.acts(Kind::kEndWarm));
  EXPECT_FALSE(one.acts(Kind::kEndWarm));
  one.primary.processes["s-2"].running_for = Millis(6'000);  // it went another way
  EXPECT_TRUE(one.acts(Kind::kEndWarm));
}

TEST(Warm, OneThatIsTakenOrNotYetReadyIsLeftAlone) {
  OneNode one;
  one.warm_up();
  one.primary.warm_waits = false;
  one.seen.memory_short = true;
  EXPECT_FALSE(one.acts(Kind::kEndWarm));
}

TEST(Warm, ItGoesWhenNobodyCanUseItAnyMore) {
  const auto ended = [](const std::function<void(OneNode&)>& change) {
    OneNode one;
    one.warm_up();
    change(one);
    return one.acts(Kind::kEndWarm);
  };
  EXPECT_FALSE(ended([](OneNode&) {}));
  EXPECT_TRUE(ended([](OneNode& one) { one.primary.can_be_warm = false; }));
  EXPECT_TRUE(ended([](OneNode& one) { one.seen.idle = job::kWarmDriverKept; }));
  EXPECT_TRUE(ended([](OneNode& one) {
    Node& node = one.cluster.status.nodes.front();
    node.configurations_version = one.cluster.wanted.groups.front().configurations_version = 1;
  }));
}

TEST(Warm, AnotherHeapMakesAnotherDriver) {
  OneNode one;
  one.warm_up();
  one.one_step("s-2", {"spark-submit", "--driver-memory", "3g", "x.py"});
  EXPECT_TRUE(one.acts(Kind::kEndWarm));
  one.end("warm-1");
  one.primary.warm_waits = false;
  EXPECT_TRUE(one.acts(Kind::kStartWarm));
  EXPECT_EQ(one.warm().number, 2);
  EXPECT_EQ(one.warm().has, "3g");
}

TEST(Warm, AStepWhoseWarmDriverRanOutOfMemorySaysSo) {
  OneNode one;
  one.warm_up();
  one.add("s-2", {"spark-submit", "x.py"});
  one.look();
  one.end("warm-1", 137);
  one.primary.processes["warm-1"].out_of_memory = true;
  one.end("s-2", 137);
  one.look();
  ASSERT_EQ(one.last.next.steps.size(), 1u);
  EXPECT_EQ(one.last.next.steps[0].failure_reason, "The step ran out of memory.");
}

}  // namespace
}  // namespace howdah::cluster
