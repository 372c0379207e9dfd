#include "serverless/transitions.h"

#include <gtest/gtest.h>

#include <set>

namespace howdah::serverless {
namespace {

using A = ApplicationState;
using R = RunState;

constexpr int kApplicationStates = 7;
constexpr int kRunStates = 9;

const base::Time kNow = base::from_millis(1767225600000);
base::Time after(int64_t seconds) { return kNow + std::chrono::seconds(seconds); }

std::string moves_from(A from) {
  std::string out;
  for (int i = 0; i < kApplicationStates; ++i) {
    const A to = static_cast<A>(i);
    if (is_legal(from, to)) out += std::string(out.empty() ? "" : " ") + name_of(to);
  }
  return out;
}

std::string moves_from(R from) {
  std::string out;
  for (int i = 0; i < kRunStates; ++i) {
    const R to = static_cast<R>(i);
    if (is_legal(from, to)) out += std::string(out.empty() ? "" : " ") + name_of(to);
  }
  return out;
}

TEST(Transitions, AnApplicationMovesAsTheUserGuideDrawsIt) {
  EXPECT_EQ(moves_from(A::kCreating), "CREATED");
  EXPECT_EQ(moves_from(A::kCreated), "STARTING TERMINATED");
  EXPECT_EQ(moves_from(A::kStarting), "CREATED STARTED STOPPED");
  EXPECT_EQ(moves_from(A::kStarted), "STOPPING");
  EXPECT_EQ(moves_from(A::kStopping), "STOPPED");
  EXPECT_EQ(moves_from(A::kStopped), "STARTING TERMINATED");
  EXPECT_EQ(moves_from(A::kTerminated), "");
}

TEST(Transitions, ARunMovesAsTheUserGuideDrawsItAndEndsForGood) {
  EXPECT_EQ(moves_from(R::kSubmitted), "PENDING FAILED CANCELLING CANCELLED QUEUED");
  EXPECT_EQ(moves_from(R::kQueued), "PENDING FAILED CANCELLING CANCELLED");
  EXPECT_EQ(moves_from(R::kPending), "SCHEDULED FAILED CANCELLING CANCELLED");
  EXPECT_EQ(moves_from(R::kScheduled), "PENDING RUNNING FAILED CANCELLING CANCELLED");
  EXPECT_EQ(moves_from(R::kRunning), "PENDING SUCCESS FAILED CANCELLING");
  EXPECT_EQ(moves_from(R::kCancelling), "SUCCESS FAILED CANCELLED");
  for (const R ended : {R::kSuccess, R::kFailed, R::kCancelled})
    EXPECT_EQ(moves_from(ended), "") << name_of(ended);
}

TEST(Transitions, AMoveLeavesTimesAndAnEventThatSaysWhy) {
  Application application;
  application.key = {"0", "r", "00app"};
  std::vector<Event> events;
  advance(application, A::kCreated, "", after(1), events);
  advance(application, A::kStarting, "A job run was submitted.", after(2), events);
  EXPECT_EQ(application.status.state, A::kStarting);
  EXPECT_EQ(application.status.updated, after(2));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].subject, "00app");
  EXPECT_EQ(events[1].kind, "application");
  EXPECT_EQ(events[1].state, "STARTING");
  EXPECT_EQ(events[1].message, "A job run was submitted.");
}

TEST(Transitions, TheTimeInTheQueueIsCounted) {
  JobRun run;
  run.status.created = kNow;
  std::vector<Event> events;
  advance(run, R::kQueued, "", after(1), events);
  EXPECT_EQ(run.status.queued, after(1));
  advance(run, R::kPending, "", after(31), events);
  EXPECT_EQ(run.status.queued_millis, 30000);
  EXPECT_FALSE(run.status.queued);
}

TEST(Transitions, TheWayBackToPendingIsTheNextAttempt) {
  JobRun run;
  run.id = "00run";
  run.status.created = kNow;
  std::vector<Event> events;
  advance(run, R::kPending, "", after(1), events);
  advance(run, R::kScheduled, "", after(2), events);
  advance(run, R::kRunning, "", after(3), events);
  advance(run, R::kPending, "ExitCode: 1", after(4), events);
  ASSERT_EQ(run.status.attempts.size(), 2u);
  const Attempt& first = run.status.attempts[0];
  EXPECT_EQ(first.number, 1);
  EXPECT_EQ(first.state, R::kFailed);
  EXPECT_EQ(first.details, "ExitCode: 1");
  EXPECT_EQ(first.created, kNow);
  EXPECT_EQ(first.started, after(3));
  EXPECT_EQ(first.ended, after(4));
  advance(run, R::kScheduled, "", after(5), events);
  advance(run, R::kRunning, "", after(6), events);
  advance(run, R::kSuccess, "", after(7), events);
  const Attempt& second = run.status.attempts[1];
  EXPECT_EQ(second.number, 2);
  EXPECT_EQ(second.state, R::kSuccess);
  EXPECT_EQ(second.created, after(4));
  EXPECT_EQ(second.started, after(6));
  EXPECT_EQ(second.ended, after(7));
  EXPECT_EQ(run.status.started, after(3)) << "the run's own start stays the first";
  EXPECT_EQ(run.status.ended, after(7));
  EXPECT_EQ(events.back().kind, "job-run");
}

TEST(TransitionsDeathTest, AnIllegalMoveIsABug) {
  JobRun run;
  run.status.state = R::kSuccess;
  std::vector<Event> events;
  EXPECT_DEATH(advance(run, R::kFailed, "", kNow, events), "is_legal");
}

}  // namespace
}  // namespace howdah::serverless
