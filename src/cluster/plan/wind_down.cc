// TERMINATING: running steps end, shutdown actions run, the last logs go up, the nodes go away, all
// at once, and then their network. Only when nothing is left is it over.

#include <algorithm>

#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {

bool take_down(const Round& round, Node& node) {
  const SeenNode& seen = round.of(node);
  if (!seen.exists) return true;
  if (seen.alive && seen.shutdown_actions) {
    const auto it = seen.processes.find(kShutdownActions);
    const Process process = it == seen.processes.end() ? Process{} : it->second;
    if (process.state == Process::State::kUnknown) {
      round.act(Action::Kind::kRunShutdownActions, node);
      round.again_in(base::Millis(500));
      return false;
    }
    if (process.state == Process::State::kRunning &&
        process.running_for < round.limits.shutdown_actions) {
      round.again_in(base::Millis(1000));
      return false;
    }
  }
  if (!seen.final_logs_shipped) {
    round.act(Action::Kind::kShipFinalLogs, node);
    round.again_in(base::Millis(500));
  } else {
    round.act(Action::Kind::kRemoveNode, node);
    round.again_in(base::Millis(1000));
  }
  return false;
}

void end_node(const Round& round, Node& node, Reason reason) {
  if (!is_over(node))
    advance(node, InstanceState::kTerminated, std::move(reason), round.now, round.plan.events);
}

void wind_down(const Round& round) {
  Status& status = round.status();
  if (primary_seen(round).exists) {
    settle_steps(round);
  } else {
    for (Step& step : round.next().steps) {  // no node, no process: nothing of it runs any more
      if (!is_terminal(step.state))
        advance(step, StepState::kCancelled, step.reason, round.now, round.plan.events);
    }
  }
  const bool live = std::any_of(round.next().steps.begin(), round.next().steps.end(),
                                [](const Step& step) { return !is_terminal(step.state); });
  if (live) return;
  bool gone = true;
  for (Node& node : status.nodes) {
    if (is_over(node)) continue;
    if (!take_down(round, node)) {
      gone = false;
      continue;
    }
    const Reason lost = node.reason.code.empty()
                            ? Reason{"INSTANCE_FAILURE", "The instance ended by itself."}
                            : node.reason;
    end_node(round, node,
             node.lost ? lost : Reason{"CLUSTER_TERMINATED", "Instance was terminated."});
  }
  if (!gone) return;
  if (round.seen.network.exists) {
    round.plan.actions.push_back({Action::Kind::kRemoveNetwork});
    round.again_in(base::Millis(1000));
    return;
  }
  status.admitted = false;
  for (GroupStatus& group : status.groups) {
    if (group.state == GroupState::kTerminating)
      advance(group, GroupState::kTerminated, {"CLUSTER_TERMINATED", "Job flow terminated"},
              round.now, round.plan.events);
  }
  const Reason reason = status.reason;
  const bool clean = reason.code == "USER_REQUEST" || reason.code == "ALL_STEPS_COMPLETED";
  advance(round.next(), clean ? State::kTerminated : State::kTerminatedWithErrors, reason,
          round.now, round.plan.events);
}

}  // namespace howdah::cluster::phase
