// BOOTSTRAPPING: the bootstrap actions run in order, each must end with 0 (Management Guide,
// "Create bootstrap actions to install additional software").

#include <fmt/format.h>

#include "cluster/plan/plan.h"

namespace howdah::cluster::phase {
namespace {

std::string how_it_ended(const Process& process) {
  if (process.state == Process::State::kLost) return process.lost_reason;
  if (process.out_of_memory) return "was killed: out of memory";
  if (process.signal != 0) return fmt::format("was ended by signal {}", process.signal);
  return fmt::format("exit code {}", process.exit_code);
}

void action_failed(Plan& plan, const Seen& seen, int number, const Process& process,
                   base::Time now) {
  const std::string id = instance_id(plan.next);
  const BootstrapAction& action =
      plan.next.wanted.bootstrap_actions[static_cast<size_t>(number) - 1];
  plan.next.status.errors.push_back(
      {"BOOTSTRAP_ACTION_FAILED",
       {{"component", "bootstrap-action"},
        {"instance-id", id},
        {"bootstrap-action", std::to_string(number)},
        {"path", action.path},
        {"exit-code", std::to_string(process.exit_code)},
        {"log", seen.bootstrap_log}},
       fmt::format("Bootstrap action {} ({}) on {}: {}. Its output: {}", number, action.path, id,
                   how_it_ended(process), seen.bootstrap_log)});
  begin_termination(
      plan,
      {"BOOTSTRAP_FAILURE",
       fmt::format(
           "On the master instance ({}), bootstrap action {} returned a non-zero return code", id,
           number)},
      now);
}

// True when every action has ended with 0.
bool actions_done(Plan& plan, const Seen& seen, base::Time now) {
  Status& status = plan.next.status;
  const int count = static_cast<int>(plan.next.wanted.bootstrap_actions.size());
  while (status.bootstrap_done < count) {
    const int number = status.bootstrap_done + 1;
    const auto it = seen.processes.find(process_of_bootstrap(number));
    const Process process = it == seen.processes.end() ? Process{} : it->second;
    switch (process.state) {
      case Process::State::kUnknown:
        plan.actions.push_back({Action::Kind::kStartBootstrap, {}, number});
        return false;
      case Process::State::kRunning:
        return false;
      case Process::State::kExited:
      case Process::State::kLost:
        break;
    }
    if (process.state == Process::State::kExited && process.exit_code == 0 && process.signal == 0) {
      ++status.bootstrap_done;
      continue;
    }
    if (!seen.bootstrap_logs_shipped && process.ended && now - *process.ended < kLogGrace) {
      plan.actions.push_back({Action::Kind::kShipBootstrapLogs});
      plan.look_again = base::Millis(200);
      return false;
    }
    action_failed(plan, seen, number, process, now);
    return false;
  }
  return true;
}

}  // namespace

void bootstrap(Plan& plan, const Seen& seen, base::Time now) {
  if (!plan.next.wanted.terminate.empty()) {
    return begin_termination(plan, {"USER_REQUEST", "Terminated by user request"}, now);
  }
  if (!seen.node_alive) {
    plan.actions.push_back({Action::Kind::kEnsureNode});
    plan.look_again = base::Millis(1000);
    // A lost action fails the cluster below; what has not begun waits for the node.
  }
  if (!actions_done(plan, seen, now)) return;
  advance_instance(plan.next, InstanceState::kRunning, now, plan.events);
  if (!plan.next.steps.empty()) {
    advance(plan.next, State::kRunning, {"", "Running step"}, now, plan.events);
  } else if (plan.next.wanted.keep_alive) {
    advance(plan.next, State::kWaiting, {"", "Cluster ready to run steps."}, now, plan.events);
  } else {
    begin_termination(plan, {"ALL_STEPS_COMPLETED", "Steps completed"}, now);
  }
}

}  // namespace howdah::cluster::phase
