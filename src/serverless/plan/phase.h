#pragma once

// One function a phase, each in the file that it is named after; called by plan() alone. All of
// them change `Round::plan` in place.

#include <string>

#include "serverless/plan/plan.h"

namespace howdah::serverless::phase {

struct Round {
  Plan& plan;
  const Seen& seen;
  const base::Time now;

  Application& next() const { return plan.next; }
  const SeenRun& of(const JobRun& run) const;  // nothing seen: all at its default
  /// What was seen is not of an attempt that has ended since.
  bool is_current(const JobRun& run) const {
    return !run.status.attempts.empty() && run.status.attempts.back().number == of(run).attempt;
  }
  void act(Action::Kind kind, const JobRun& run, bool kill = false) const {
    plan.actions.push_back({kind, run.id, run.status.node, kill, 0});
  }
  void again_in(base::Millis delay) const {
    if (!plan.look_again || *plan.look_again > delay) plan.look_again = delay;
  }
};

/// Counts what the workers of the run used that have not been counted yet: at the end of an
/// attempt.
void count_use(JobRun& run, base::Time now);
/// Of one worker, or several alike, from `since` on.
void count_workers(RunStatus& status, const Resources& together, int64_t count, base::Time since,
                   base::Time now);

void settle(const Round& round);  // runs whose process ended, or is to end
void start_application(const Round& round);
void schedule(const Round& round);        // runs that wait
void size_executors(const Round& round);  // of standalone runs
void stop_application(const Round& round);

}  // namespace howdah::serverless::phase
