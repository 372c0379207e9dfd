// The daemons of a node: started after its bootstrap actions; the node is RUNNING when all that
// are essential are healthy. Later a daemon that ends is its supervisor's business; one that the
// supervisor gave up on is told of once.

#include <fmt/format.h>

#include <algorithm>

#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {
namespace {

std::string how_it_ended(const Daemon& daemon) {
  if (daemon.signal != 0) return fmt::format("ended by signal {}", daemon.signal);
  if (daemon.exit_code != 0) return fmt::format("exit code {}", daemon.exit_code);
  return "ended with exit code 0";
}

Failure daemon_failed(const Node& node, const Daemon& daemon, const std::string& how,
                      const char* what) {
  std::string text =
      fmt::format("{} on {}: {}. Its log: {}", daemon.unit, node.instance_id, how, daemon.log);
  if (!daemon.last_lines.empty()) text += ". Last lines: " + daemon.last_lines;
  return {node.number,
          what,
          {"APPLICATION_PROVISIONING_FAILED",
           {{"component", daemon.unit},
            {"application", daemon.application},
            {"instance-id", node.instance_id},
            {"exit-code", std::to_string(daemon.exit_code)},
            {"log", daemon.log},
            {"last-lines", daemon.last_lines}},
           std::move(text)}};
}

// The supervisor of the daemons: its life counts up when the node was made again. True: it runs.
bool services_run(const Round& round, const Node& node, std::vector<Failure>& failures) {
  const SeenNode& seen = round.of(node);
  for (int life = 1;; ++life) {
    const auto it = seen.processes.find(process_of_services(life));
    const Process process = it == seen.processes.end() ? Process{} : it->second;
    if (process.state == Process::State::kRunning) return true;
    if (process.state == Process::State::kUnknown) {
      round.act(Action::Kind::kStartServices, node, life);
      return false;
    }
    // It ends with its node and not before: by itself it fails at once, over and over.
    if (life >= 20) {
      failures.push_back({node.number,
                          "application provisioning failed",
                          {"APPLICATION_PROVISIONING_FAILED",
                           {{"component", "services"},
                            {"instance-id", node.instance_id},
                            {"exit-code", std::to_string(process.exit_code)}},
                           fmt::format("The supervisor of the daemons on {} does not stay: exit "
                                       "code {}, signal {}",
                                       node.instance_id, process.exit_code, process.signal)}});
      return false;
    }
  }
}

}  // namespace

bool services_up(const SeenNode& seen) {
  for (int life = 1;; ++life) {
    const auto it = seen.processes.find(process_of_services(life));
    if (it == seen.processes.end() || it->second.state == Process::State::kUnknown) return false;
    if (it->second.state == Process::State::kRunning) return true;
  }
}

bool start_daemons(const Round& round, Node& node, std::vector<Failure>& failures) {
  const SeenNode& seen = round.of(node);
  if (seen.daemons.empty()) return true;
  round.again_in(base::Millis(500));
  if (!services_run(round, node, failures)) return false;
  bool all = true;
  for (const Daemon& daemon : seen.daemons) {
    if (!daemon.essential || daemon.state == Daemon::State::kHealthy) continue;
    all = false;
    if (daemon.state == Daemon::State::kFailed) {
      failures.push_back(
          daemon_failed(node, daemon, how_it_ended(daemon), "application provisioning failed"));
      return false;
    }
    if (seen.starting_for >= round.limits.daemons) {
      failures.push_back(
          daemon_failed(node, daemon,
                        fmt::format("it did not answer within {}",
                                    minutes_since(round.now - round.limits.daemons, round.now)),
                        "application provisioning timed out"));
      return false;
    }
  }
  return all;
}

void tend_daemons(const Round& round) {
  for (Node& node : round.status().nodes) {
    const SeenNode& seen = round.of(node);
    if (is_over(node) || node.lost || !seen.alive) continue;
    if (seen.outdated && node.state != InstanceState::kProvisioning) {
      round.act(Action::Kind::kUpdateNode, node);
      round.again_in(base::Millis(1000));
    }
    if (node.state != InstanceState::kRunning || seen.daemons.empty()) continue;
    std::vector<Failure> failures;
    if (!services_run(round, node, failures)) {
      round.again_in(base::Millis(1000));
      continue;
    }
    if (!node.others_started && !node.leaving) {
      const bool any = std::any_of(seen.daemons.begin(), seen.daemons.end(),
                                   [](const Daemon& d) { return !d.essential && !d.on_demand; });
      if (!any || seen.others_started) {
        node.others_started = true;
      } else {
        round.act(Action::Kind::kStartOthers, node);
        round.again_in(base::Millis(1000));
      }
    }
    for (const Daemon& daemon : seen.daemons) {
      const auto told = std::find(node.failed.begin(), node.failed.end(), daemon.unit);
      if (daemon.state == Daemon::State::kFailed && told == node.failed.end()) {
        node.failed.push_back(daemon.unit);
        round.say(node.instance_id, "daemon",
                  daemon_failed(node, daemon, how_it_ended(daemon), "").detail.message);
      } else if (daemon.state == Daemon::State::kHealthy && told != node.failed.end()) {
        node.failed.erase(told);
        round.say(node.instance_id, "daemon",
                  fmt::format("{} on {} is healthy again", daemon.unit, node.instance_id));
      }
    }
  }
}

}  // namespace howdah::cluster::phase
