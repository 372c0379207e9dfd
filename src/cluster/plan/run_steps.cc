// RUNNING and WAITING: which step starts next, what a failed one means for the others and the
// cluster. Sources: EMR API reference, StepConfig.ActionOnFailure; Management Guide,
// "Considerations for running multiple steps in parallel" (with a concurrency above 1
// ActionOnFailure does not act).

#include <algorithm>

#include "cluster/plan/plan.h"

namespace howdah::cluster::phase {
namespace {

bool is_live(const Step& step) {
  return step.state == StepState::kRunning || step.state == StepState::kCancelPending;
}

void cancel_as_asked(Plan& plan, base::Time now) {
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
bool act_on_failure(Plan& plan, const Cluster& before, base::Time now) {
  if (plan.next.wanted.step_concurrency > 1) return false;
  for (size_t i = 0; i < plan.next.steps.size(); ++i) {
    const Step& step = plan.next.steps[i];
    if (step.state != StepState::kFailed || before.steps[i].state == StepState::kFailed) continue;
    if (step.on_failure == OnFailure::kContinue) continue;
    const bool terminates = step.on_failure == OnFailure::kTerminateCluster;
    for (Step& other : plan.next.steps) {
      if (other.state == StepState::kPending) {
        advance(other, StepState::kCancelled, "An earlier step failed.", now, plan.events);
      }
    }
    if (terminates || !plan.next.wanted.keep_alive) {
      begin_termination(plan, {"STEP_FAILURE", "Shut down as step failed"}, now);
      return true;
    }
  }
  return false;
}

// True when a step waits for memory.
bool start_pending(Plan& plan, const Seen& seen, base::Time now) {
  auto running = std::count_if(plan.next.steps.begin(), plan.next.steps.end(), is_live);
  for (Step& step : plan.next.steps) {
    if (running >= plan.next.wanted.step_concurrency) break;
    if (step.state != StepState::kPending) continue;
    if (!seen.memory_for_step) {
      step.reason = seen.memory_reason;
      return true;
    }
    advance(step, StepState::kRunning, "", now, plan.events);
    plan.actions.push_back({Action::Kind::kStartStep, step.id});
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

void idle(Plan& plan, const Seen& seen, base::Time now) {
  Status& status = plan.next.status;
  if (!plan.next.wanted.keep_alive) {
    return begin_termination(
        plan,
        {"ALL_STEPS_COMPLETED",
         status.any_step_failed ? "Steps completed with errors" : "Steps completed"},
        now);
  }
  if (status.state == State::kRunning) {
    advance(plan.next, State::kWaiting, {"", waiting_message(status.last_step)}, now, plan.events);
  }
  if (const auto timeout = plan.next.wanted.idle_timeout_seconds) {
    const base::Millis limit(*timeout * 1000);
    if (seen.idle >= limit) {
      return begin_termination(
          plan, {"USER_REQUEST", "Terminated by the auto-termination policy: the cluster was idle"},
          now);
    }
    plan.look_again = limit - seen.idle;
  }
}

}  // namespace

void run_steps(Plan& plan, const Seen& seen, base::Time now) {
  if (!plan.next.wanted.terminate.empty()) {
    return begin_termination(plan, {"USER_REQUEST", "Terminated by user request"}, now);
  }
  if (!seen.node_alive) {
    // After a reboot: steps that ran are lost and fail below; the node is made again for the next
    // ones.
    plan.actions.push_back({Action::Kind::kEnsureNode});
    plan.look_again = base::Millis(1000);
  }
  const Cluster before = plan.next;
  cancel_as_asked(plan, now);
  settle_steps(plan, seen, now);
  if (act_on_failure(plan, before, now)) return;
  const bool starved = seen.node_alive && start_pending(plan, seen, now);
  const bool busy = std::any_of(plan.next.steps.begin(), plan.next.steps.end(),
                                [](const Step& step) { return !is_terminal(step.state); });
  if (!busy) return idle(plan, seen, now);
  if (starved) plan.look_again = base::Millis(1000);
  if (plan.next.status.state == State::kWaiting) {
    advance(plan.next, State::kRunning, {"", "Running step"}, now, plan.events);
  }
}

}  // namespace howdah::cluster::phase
