// TERMINATING: running steps end, the last logs go up, the node goes away. Only then is it over.

#include <algorithm>

#include "cluster/plan/plan.h"

namespace howdah::cluster::phase {

void wind_down(Plan& plan, const Seen& seen, base::Time now) {
  if (seen.node_exists) {
    settle_steps(plan, seen, now);
  } else {
    for (Step& step : plan.next.steps) {  // no node, no process: nothing of it runs any more
      if (!is_terminal(step.state))
        advance(step, StepState::kCancelled, step.reason, now, plan.events);
    }
  }
  const bool live = std::any_of(plan.next.steps.begin(), plan.next.steps.end(),
                                [](const Step& step) { return !is_terminal(step.state); });
  if (live) return;
  if (plan.next.status.node_wanted && !seen.final_logs_shipped) {
    plan.actions.push_back({Action::Kind::kShipFinalLogs});
    plan.look_again = base::Millis(500);
    return;
  }
  if (seen.node_exists) {
    plan.actions.push_back({Action::Kind::kRemoveNode});
    plan.look_again = base::Millis(1000);
    return;
  }
  plan.next.status.admitted = false;
  advance_instance(plan.next, InstanceState::kTerminated, now, plan.events);
  const Reason reason = plan.next.status.reason;
  const bool clean = reason.code == "USER_REQUEST" || reason.code == "ALL_STEPS_COMPLETED";
  advance(plan.next, clean ? State::kTerminated : State::kTerminatedWithErrors, reason, now,
          plan.events);
}

}  // namespace howdah::cluster::phase
