// The first half of a reconcile: what the world shows of one cluster. Its nodes:
// look_at_nodes.cc.

#include <fmt/format.h>

#include <algorithm>

#include "control/clusters/log_files.h"
#include "control/clusters/reconciler.h"
#include "control/clusters/step_on_node.h"
#include "control/jobs/disk.h"
#include "job/warm_driver.h"

namespace howdah::control {
namespace {

using base::Result;
using base::Status;
using cluster::Cluster;
using cluster::Seen;
using cluster::Step;
using cluster::StepState;

Seen::Engine::State state_of(Engines::Look::State state) {
  switch (state) {
    case Engines::Look::State::kMissing:
      return Seen::Engine::State::kMissing;
    case Engines::Look::State::kInstalling:
      return Seen::Engine::State::kInstalling;
    case Engines::Look::State::kInstalled:
      return Seen::Engine::State::kInstalled;
    case Engines::Look::State::kFailed:
      return Seen::Engine::State::kFailed;
  }
  return Seen::Engine::State::kMissing;
}

}  // namespace

Status Reconciler::look_at_host(const Cluster& cluster, Memory& memory, Seen& seen) {
  const cluster::State state = cluster.status.state;
  seen.engine.state = Seen::Engine::State::kInstalled;
  if (state == cluster::State::kStarting) {
    const Engines::Look look = world_.engines.look(cluster);
    seen.engine.state = state_of(look.state);
    seen.engine.text = look.text;
    if (seen.engine.state == Seen::Engine::State::kInstalled && cluster.wanted.terminate.empty())
      seen.capacity = world_.capacity.admit(cluster, &seen.capacity_reason);
  } else if (cluster.status.admitted) {
    // After a restart it counts again; one that is to grow may have to wait.
    seen.capacity = world_.capacity.admit(cluster, &seen.capacity_reason);
  }
  seen.network.subnet = memory.subnet;
  seen.network.refused = memory.network_refused;
  if (!world_.attach) seen.network.refused = "this server does not serve networks of nodes";
  if (state == cluster::State::kTerminating) {
    const std::vector<std::string> networks = TRY(world_.nodes.networks());
    seen.network.exists =
        std::find(networks.begin(), networks.end(), cluster.key.id) != networks.end();
  }
  return base::ok();
}

Result<Seen> Reconciler::look(const Cluster& cluster, Memory& memory) {
  Seen seen;
  TRY(look_at_host(cluster, memory, seen));
  for (const cluster::Node& node : cluster.status.nodes) {
    if (cluster::is_over(node)) {
      memory.nodes.erase(node.number);
      continue;
    }
    TRY(look_at_node(cluster, node, memory.nodes[node.number], seen.nodes[node.number]));
  }
  look_at_hadoop(cluster, seen);
  if (const cluster::Node* primary = cluster::primary_of(cluster); primary)
    look_at_warm(cluster, *primary, memory, seen);
  look_at_steps(cluster, memory, seen);

  const bool idle = cluster.status.state == cluster::State::kWaiting && cluster.steps.empty();
  if (!idle) {
    memory.idle_since.reset();
  } else if (!memory.idle_since) {
    memory.idle_since = world_.clock.steady();
  }
  if (memory.idle_since) seen.idle = world_.clock.steady() - *memory.idle_since;
  return seen;
}

void Reconciler::look_at_steps(const Cluster& cluster, Memory& memory, Seen& seen) {
  const cluster::Node* primary = cluster::primary_of(cluster);
  const std::string node = cluster::node_id(cluster, primary ? primary->number : 0);
  static const cluster::SeenNode nothing;
  const auto on_primary = seen.nodes.find(primary ? primary->number : 0);
  const auto& processes = (on_primary == seen.nodes.end() ? nothing : on_primary->second).processes;
  bool pending = false;
  for (const Step& step : cluster.steps) {
    pending = pending || step.state == StepState::kPending;
    if (step.state != StepState::kRunning && step.state != StepState::kCancelPending) continue;
    const auto found = processes.find(cluster::process_of_step(step));
    const cluster::Process process = found == processes.end() ? cluster::Process{} : found->second;
    if (process.state == cluster::Process::State::kRunning) continue;

    Seen::StepEnd end;
    if (process.state == cluster::Process::State::kUnknown) {
      // What cannot be started at all is known without trying.
      if (const auto launch = job::launch(step.jar, site_of(cluster, step)); !launch.ok())
        end.start_error = launch.error().message;
      if (const auto it = memory.start_error.find(step.id); it != memory.start_error.end())
        end.start_error = it->second;
      if (end.start_error.empty()) continue;
    }
    const auto place = log_place_of(cluster, step);
    end.logs_shipped = memory.shipped[step.id];
    end.logs_error = memory.ship_error[step.id];
    end.applications_ended = world_.hadoop == nullptr || memory.applications_ended[step.id];
    const std::string file = end.start_error.empty() ? "stderr" : "controller";
    end.log_file = place && end.logs_shipped ? place->uri(step_key(cluster, step.id, file))
                                             : (step_log_folder(step.id) / file).string();
    if (process.exit_code != 0 || process.signal != 0) {
      StepCause cause = cause_of(world_.nodes, node, cluster, step);
      end.exception = std::move(cause.line);
      end.log_file = end.logs_shipped && !cause.uri.empty() ? cause.uri : cause.file;
    }
    if (!end.exception.empty() || !end.start_error.empty() || process.exit_code != 0 ||
        process.signal != 0)
      end.disk = word_of_full_disk(world_.nodes, node, end.exception + end.start_error);
    seen.step_ends[step.id] = std::move(end);
  }
  if (draining_) {
    seen.memory_for_step = false;
    seen.memory_reason = "Waiting for the server to be started again";
    for (auto& [id, end] : seen.step_ends)
      end.exception = "The server was shut down (howdah down) while the step ran.";
    return;
  }
  if (!pending) return;
  const bool warm = on_primary != seen.nodes.end() && on_primary->second.warm_waits;
  seen.memory_for_step =
      world_.capacity.memory_for_step(running_steps(), warm, &seen.memory_reason);
}

// One JVM at a time gets ready on this host: what runs needs the cores more.
void Reconciler::look_at_warm(const Cluster& cluster, const cluster::Node& node, Memory& memory,
                              Seen& seen) {
  const cluster::Warm& warm = cluster.status.warm;
  const auto it = seen.nodes.find(node.number);
  if (it == seen.nodes.end()) return;
  cluster::SeenNode& primary = it->second;
  const NodeMemory& known = memory.nodes[node.number];
  primary.can_be_warm = world_.warm && known.can_be_warm && !known.cold;
  if (!warm.wanted && warm.number == 0) return;  // nobody has asked for one
  seen.memory_short = world_.capacity.memory_short();
  const std::string name = cluster::process_of_warm(warm.number);
  const auto process = primary.processes.find(name);
  const bool runs = process != primary.processes.end() &&
                    process->second.state == cluster::Process::State::kRunning;
  const std::string id = cluster::node_id(cluster, node.number);
  const auto there = [&](const char* file) {
    return world_.nodes.open_file(id, job::warm_driver_file(name, file)).ok();
  };
  primary.warm_waits = runs && there("ready");
  const bool warming = runs && !primary.warm_waits && !there("key.json");
  std::lock_guard lock(mutex_);
  memory.warming = warming;
  const bool others = std::any_of(memories_.begin(), memories_.end(),
                                  [](const auto& one) { return one.second.warming; });
  seen.memory_for_warm = !others && world_.capacity.memory_for_warm();
}

}  // namespace howdah::control
