#include "services/emr/waiters.h"

#include <fmt/format.h>

#include <thread>

#include "services/emr/test_world.h"

namespace howdah::services::emr {
namespace {

class WaiterPolls : public World {
 protected:
  void SetUp() override {
    context_.user_agent = "Boto3/1.43 md/Botocore#1.43 ua/2.1 os/linux m/B,D cfg/retry-mode#legacy";
  }

  // True when the poll is held; hold_ tells when it is due.
  bool held(std::string_view operation, const std::string& json, uint64_t connection = 1) {
    context_.connection_id = connection;
    hold_.reset();
    context_.hold = &hold_;
    must(operation, json);
    context_.hold = nullptr;
    return hold_.has_value();
  }
  bool cluster_held(const std::string& id, uint64_t connection = 1) {
    return held("DescribeCluster", fmt::format(R"({{"ClusterId":"{}"}})", id), connection);
  }
  bool step_held(const std::string& id, const std::string& step) {
    return held("DescribeStep", fmt::format(R"({{"ClusterId":"{}","StepId":"{}"}})", id, step));
  }
  bool due() { return hold_->ready(base::Millis(1)); }
  void terminate(const std::string& id) {
    must("TerminateJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", id));
  }

  std::optional<aws::Hold> hold_;
};

TEST_F(WaiterPolls, AStartingClusterIsHeldUntilItRuns) {
  const std::string id = run();
  ASSERT_TRUE(cluster_held(id));
  EXPECT_FALSE(due());
  settle(id);
  EXPECT_TRUE(due());
}

TEST_F(WaiterPolls, AWaitingClusterIsAnsweredOnTheFirstPollOfAConnectionAndHeldOnLaterOnes) {
  const std::string id = run();
  settle(id);
  EXPECT_FALSE(cluster_held(id, 1));
  ASSERT_TRUE(cluster_held(id, 1));
  EXPECT_FALSE(due());
  EXPECT_FALSE(cluster_held(id, 2)) << "another client";
}

TEST_F(WaiterPolls, TheAnswerThatEndsAHoldCountsAsTheFirst) {
  const std::string id = run();
  ASSERT_TRUE(cluster_held(id));
  settle(id);
  ASSERT_TRUE(due());
  EXPECT_EQ(state(id), "WAITING");  // as the server calls it: without a hold
  EXPECT_TRUE(cluster_held(id)) << "this waiter waits for the end";
}

TEST_F(WaiterPolls, ATerminatingClusterIsHeldUntilItsEnd) {
  const std::string id = run();
  settle(id);
  terminate(id);
  ASSERT_TRUE(cluster_held(id)) << "it was asked to terminate, though control has not seen it";
  EXPECT_FALSE(due());
  settle(id);
  EXPECT_TRUE(due());
  EXPECT_FALSE(cluster_held(id));
}

TEST_F(WaiterPolls, AnotherCallOnTheConnectionMakesTheNextPollAFirstOne) {
  const std::string id = run();
  settle(id);
  EXPECT_FALSE(cluster_held(id));
  const std::string waiter = std::exchange(context_.user_agent, "Boto3/1.43");
  add_step(id);
  context_.user_agent = waiter;
  EXPECT_FALSE(cluster_held(id));
}

TEST_F(WaiterPolls, AStepIsHeldUntilItEnds) {
  const std::string id = run();
  settle(id);
  const std::string first = add_step(id), second = add_step(id);
  settle(id);
  ASSERT_TRUE(step_held(id, second)) << "PENDING";
  ASSERT_TRUE(step_held(id, first)) << "RUNNING";
  EXPECT_FALSE(due());
  end_step(id, first, 1);
  EXPECT_TRUE(due());
  EXPECT_FALSE(step_held(id, first));
}

TEST_F(WaiterPolls, OthersAreNeverHeld) {
  context_.user_agent = "Boto3/1.43 m/BB,D";
  const std::string id = run();
  EXPECT_FALSE(cluster_held(id));
}

TEST_F(WaiterPolls, AHeldPollWakesWithTheChange) {
  const std::string id = run();
  ASSERT_TRUE(cluster_held(id));
  base::SystemClock real;
  const base::Millis before = real.steady();
  std::jthread control([&] { settle(id); });
  EXPECT_TRUE(hold_->ready(std::chrono::minutes(1)));
  EXPECT_LT(real.steady() - before, std::chrono::seconds(30));
}

TEST_F(WaiterPolls, WhatIsRememberedIsBounded) {
  store::ClusterRow row;
  row.key = key("j-1");
  row.status.state = cluster::State::kWaiting;
  Waiters waiters(*store_, clock_);
  context_.hold = &hold_;
  for (uint64_t connection = 0; connection <= Waiters::kRemembered; ++connection) {
    context_.connection_id = connection;
    EXPECT_FALSE(waiters.hold(context_, row));
  }
  context_.connection_id = 0;
  EXPECT_FALSE(waiters.hold(context_, row)) << "the oldest was forgotten: answered once more";
  context_.hold = nullptr;
}

}  // namespace
}  // namespace howdah::services::emr
