// BOOTSTRAPPING: on every node by itself the bootstrap actions run in order, each must end with 0
// (Management Guide, "Create bootstrap actions to install additional software"); then its daemons
// start. The cluster is up when every instance is.

#include <fmt/format.h>

#include <algorithm>

#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {
namespace {

std::string how_it_ended(const Process& process) {
  if (process.state == Process::State::kRunning) return "it did not end in time";
  if (process.state == Process::State::kLost) return process.lost_reason;
  if (process.out_of_memory) return "was killed: out of memory";
  if (process.signal != 0) return fmt::format("was ended by signal {}", process.signal);
  return fmt::format("exit code {}", process.exit_code);
}

Failure action_failed(const Round& round, const Node& node, int number, const Process& process) {
  const BootstrapAction& action =
      round.next().wanted.bootstrap_actions[static_cast<size_t>(number) - 1];
  const std::string& log = round.of(node).bootstrap_log;
  const bool hangs = process.state == Process::State::kRunning;
  return {node.number,
          hangs ? fmt::format("bootstrap action {} timed out executing", number)
                : fmt::format("bootstrap action {} returned a non-zero return code", number),
          {"BOOTSTRAP_ACTION_FAILED",
           {{"component", "bootstrap-action"},
            {"instance-id", node.instance_id},
            {"bootstrap-action", std::to_string(number)},
            {"path", action.path},
            {"exit-code", std::to_string(process.exit_code)},
            {"log", log}},
           fmt::format("Bootstrap action {} ({}) on {}: {}. Its output: {}", number, action.path,
                       node.instance_id, how_it_ended(process), log)}};
}

}  // namespace

std::string instances_text(const Cluster& cluster, const std::vector<int>& nodes) {
  std::vector<std::string> slaves;
  for (const Node& node : cluster.status.nodes) {
    if (std::find(nodes.begin(), nodes.end(), node.number) == nodes.end()) continue;
    if (role_of(cluster, node) == Role::kMaster)
      return fmt::format("the master instance ({})", node.instance_id);
    slaves.push_back(node.instance_id);
  }
  if (slaves.size() == 1) return fmt::format("1 slave instance ({})", slaves.front());
  if (slaves.size() < 2) return "an instance";
  return fmt::format("{} slave instances (including {} and {})", slaves.size(), slaves[0],
                     slaves[1]);
}

void fail_cluster(const Round& round, const std::vector<Failure>& failures) {
  // What is said of the cluster is said of the primary when it failed too: as EMR has it.
  const Node* primary = primary_of(round.next());
  const Failure* first = &failures.front();
  for (const Failure& failure : failures) {
    if (primary && failure.node == primary->number) first = &failure;
  }
  std::vector<int> nodes;
  for (const Failure& failure : failures) {
    if (failure.what == first->what) nodes.push_back(failure.node);
    if (round.status().errors.size() < 10) round.status().errors.push_back(failure.detail);
  }
  begin_termination(round,
                    {"BOOTSTRAP_FAILURE",
                     fmt::format("On {}, {}", instances_text(round.next(), nodes), first->what)});
}

bool bootstrap_node(const Round& round, Node& node, std::vector<Failure>& failures) {
  const SeenNode& seen = round.of(node);
  const int count = static_cast<int>(round.next().wanted.bootstrap_actions.size());
  while (node.bootstrap_done < count) {
    const int number = node.bootstrap_done + 1;
    const auto it = seen.processes.find(process_of_bootstrap(number));
    const Process process = it == seen.processes.end() ? Process{} : it->second;
    if (process.state == Process::State::kUnknown) {
      if (seen.alive) round.act(Action::Kind::kStartBootstrap, node, number);
      return false;
    }
    if (process.state == Process::State::kRunning) {
      if (process.running_for >= round.limits.bootstrap_action) {
        failures.push_back(action_failed(round, node, number, process));
      } else {
        round.again_in(round.limits.bootstrap_action - process.running_for);
      }
      return false;
    }
    if (process.state == Process::State::kExited && process.exit_code == 0 && process.signal == 0) {
      ++node.bootstrap_done;
      continue;
    }
    if (!seen.bootstrap_logs_shipped && process.ended && round.now - *process.ended < kLogGrace) {
      round.act(Action::Kind::kShipBootstrapLogs, node);
      round.again_in(base::Millis(200));
      return false;
    }
    failures.push_back(action_failed(round, node, number, process));
    return false;
  }
  return true;
}

void bring_up_nodes(const Round& round, std::vector<Failure>& failures) {
  for (Node& node : round.status().nodes) {
    if (node.state != InstanceState::kBootstrapping || node.leaving || node.lost) continue;
    const SeenNode& seen = round.of(node);
    if (!seen.alive) {
      // A lost action fails below; what has not begun waits for the node.
      round.act(Action::Kind::kEnsureNode, node);
      round.again_in(base::Millis(1000));
    } else if (!seen.attached) {
      round.act(Action::Kind::kAttach, node);
      round.again_in(base::Millis(1000));
      continue;
    }
    if (!node.announced) node.announced = seen.announced || !has_hadoop(round.next());
    if (!node.announced) tell_hadoop(round);
    if (!bootstrap_node(round, node, failures) || !node.announced) continue;
    if (!seen.alive || !start_daemons(round, node, failures)) continue;
    advance(node, InstanceState::kRunning, {}, round.now, round.plan.events);
  }
}

void bootstrap(const Round& round) {
  Status& status = round.status();
  if (!round.next().wanted.terminate.empty()) {
    return begin_termination(round, {"USER_REQUEST", "Terminated by user request"});
  }
  std::vector<Failure> failures;
  bring_up_nodes(round, failures);
  if (!failures.empty()) return fail_cluster(round, failures);
  const bool all = std::all_of(status.nodes.begin(), status.nodes.end(), [](const Node& node) {
    return node.state == InstanceState::kRunning || is_over(node);
  });
  if (!all) return;
  for (GroupStatus& group : status.groups) {
    if (group.state != GroupState::kBootstrapping) continue;
    if (const Group* wanted = group_of(round.next().wanted, group.id)) {
      group.applied_version = wanted->configurations_version;
      group.applied_configurations = wanted->configurations;
    }
    advance(group, GroupState::kRunning, {}, round.now, round.plan.events);
  }
  if (!round.next().steps.empty()) {
    advance(round.next(), State::kRunning, {"", "Running step"}, round.now, round.plan.events);
  } else if (round.next().wanted.keep_alive) {
    advance(round.next(), State::kWaiting, {"", "Cluster ready to run steps."}, round.now,
            round.plan.events);
  } else {
    begin_termination(round, {"ALL_STEPS_COMPLETED", "Steps completed"});
  }
}

}  // namespace howdah::cluster::phase
