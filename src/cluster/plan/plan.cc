#include "cluster/plan/plan.h"

namespace howdah::cluster {

namespace phase {

void begin_termination(Plan& plan, Reason reason, base::Time now) {
  for (Step& step : plan.next.steps) {
    if (step.state == StepState::kPending) {
      advance(step, StepState::kCancelled, "The cluster is terminating.", now, plan.events);
    } else if (step.state == StepState::kRunning) {
      advance(step, StepState::kCancelPending, "The cluster is terminating.", now, plan.events);
      if (step.cancel == Cancel::kNo) step.cancel = Cancel::kInterrupt;
    }
  }
  advance(plan.next, State::kTerminating, std::move(reason), now, plan.events);
}

}  // namespace phase

namespace {

void one_phase(Plan& plan, const Seen& seen, base::Time now) {
  switch (plan.next.status.state) {
    case State::kStarting:
      return phase::provision(plan, seen, now);
    case State::kBootstrapping:
      return phase::bootstrap(plan, seen, now);
    case State::kRunning:
    case State::kWaiting:
      return phase::run_steps(plan, seen, now);
    case State::kTerminating:
      return phase::wind_down(plan, seen, now);
    case State::kTerminated:
    case State::kTerminatedWithErrors:
      // What the world has and nobody wants is removed.
      if (seen.node_exists) plan.actions.push_back({Action::Kind::kRemoveNode});
      return;
  }
}

}  // namespace

Plan plan(const Cluster& cluster, const Seen& seen, base::Time now) {
  Plan out{cluster, {}, {}, std::nullopt};
  // A phase that moved the cluster on hands over to the next at once: one commit, not one a state.
  // The moves of cluster states make no cycle but RUNNING <-> WAITING, which run_steps settles
  // itself.
  State before;
  do {
    before = out.next.status.state;
    out.actions.clear();
    out.look_again.reset();
    one_phase(out, seen, now);
  } while (out.next.status.state != before && out.next.status.state != State::kWaiting &&
           before != State::kWaiting);
  return out;
}

}  // namespace howdah::cluster
