// RUNNING and WAITING: which step starts next, what a failed one means for the others and the
// cluster. Sources: EMR API reference, StepConfig.ActionOnFailure; Management Guide,
// "Considerations for running multiple steps in parallel" (with a concurrency above 1
// ActionOnFailure does not act).

#include <algorithm>

#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {
namespace {

bool is_live(const Step& step) {
  return step.state == StepState::kRunning || step.state == StepState::kCancelPending;
}

void cancel_as_asked(const Round& round) {
  Plan& plan = round.plan;
  const base::Time now = round.now;
  for (Step& step : plan.next.steps) {
    if (step.cancel == Cancel::kNo) continue;
    if (step.state == StepState::kPending) {
      advance(step, StepState::kCancelled, "Cancelled by user request", now, plan.events);
      plan.next.status.last_step = StepState::kCancelled;
    } else if (step.state == StepState::kRunning) {
      advance(step, StepState::kCancelPending, "Cancelled by user request", now, plan.events);
    }
  }
}

// The first failure of this very plan that asks for more than going on. True: the cluster
// terminates.
bool act_on_failure(const Round& round, const Cluster& before) {
  Plan& plan = round.plan;
  if (plan.next.wanted.step_concurrency > 1) return false;
  for (size_t i = 0; i < plan.next.steps.size(); ++i) {
    const Step& step = plan.next.steps[i];
    if (step.state != StepState::kFailed || before.steps[i].state == StepState::kFailed) continue;
    if (step.on_failure == OnFailure::kContinue) continue;
    const bool terminates = step.on_failure == OnFailure::kTerminateCluster;
    for (Step& other : plan.next.steps) {
      if (other.state == StepState::kPending) {
        advance(other, StepState::kCancelled, "An earlier step failed.", round.now, plan.events);
      }
    }
    if (terminates || !plan.next.wanted.keep_alive) {
      begin_termination(round, {"STEP_FAILURE", "Shut down as step failed"});
      return true;
    }
  }
  return false;
}

// True when a step waits for memory.
bool start_pending(const Round& round) {
  Plan& plan = round.plan;
  auto running = std::count_if(plan.next.steps.begin(), plan.next.steps.end(), is_live);
  for (Step& step : plan.next.steps) {
    if (running >= plan.next.wanted.step_concurrency) break;
    if (step.state != StepState::kPending) continue;
    if (!round.seen.memory_for_step) {
      step.reason = round.seen.memory_reason;
      return true;
    }
    advance(step, StepState::kRunning, "", round.now, plan.events);
    plan.actions.push_back({Action::Kind::kStartStep, step.id});
    ask_for_warm(round, step);
    ++running;
  }
  return false;
}

const char* waiting_message(StepState last) {
  switch (last) {
    case StepState::kCompleted:
      return "Cluster ready after last step completed.";
    case StepState::kFailed:
      return "Cluster ready after last step failed.";
    case StepState::kCancelled:
      return "Cluster ready after last step cancelled.";
    default:
      return "Cluster ready to run steps.";
  }
}

void idle(const Round& round) {
  Status& status = round.status();
  const Wanted& wanted = round.next().wanted;
  if (!wanted.keep_alive) {
    return begin_termination(
        round, {"ALL_STEPS_COMPLETED",
                status.any_step_failed ? "Steps completed with errors" : "Steps completed"});
  }
  if (status.state == State::kRunning) {
    advance(round.next(), State::kWaiting, {"", waiting_message(status.last_step)}, round.now,
            round.plan.events);
  }
  if (const auto timeout = wanted.idle_timeout_seconds) {
    const base::Millis limit(*timeout * 1000);
    if (round.seen.idle >= limit) {
      return begin_termination(
          round,
          {"USER_REQUEST", "Terminated by the auto-termination policy: the cluster was idle"});
    }
    round.again_in(limit - round.seen.idle);
  }
}

}  // namespace

void run_steps(const Round& round) {
  if (!round.next().wanted.terminate.empty()) {
    return begin_termination(round, {"USER_REQUEST", "Terminated by user request"});
  }
  const Cluster before = round.next();
  cancel_as_asked(round);
  settle_steps(round);
  if (act_on_failure(round, before)) return;
  // A primary that is made again is not ready before its daemons are there again: heal() says so.
  const SeenNode& primary = primary_seen(round);
  const Node* node = primary_of(round.next());
  const bool ready = primary.alive && primary.attached && node && !node->returning &&
                     (primary.daemons.empty() || services_up(primary));
  const bool starved = ready && start_pending(round);
  const auto& steps = round.next().steps;
  const bool busy = std::any_of(steps.begin(), steps.end(),
                                [](const Step& step) { return !is_terminal(step.state); });
  if (!busy) return idle(round);
  if (starved || !ready) round.again_in(base::Millis(1000));
  if (round.status().state == State::kWaiting) {
    advance(round.next(), State::kRunning, {"", "Running step"}, round.now, round.plan.events);
  }
}

}  // namespace howdah::cluster::phase
