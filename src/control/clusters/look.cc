// The first half of a reconcile: what the world shows of one cluster.

#include <fmt/format.h>

#include "control/clusters/log_files.h"
#include "control/clusters/reconciler.h"
#include "job/failure.h"

namespace howdah::control {
namespace {

using base::Result;
using cluster::Cluster;
using cluster::Seen;
using cluster::Step;
using cluster::StepState;

constexpr size_t kTail = 64 * 1024;

cluster::Process process_of(const nodes::ProcessSeen& seen) {
  cluster::Process out;
  switch (seen.state) {
    case nodes::ProcessSeen::State::kUnknown:
      out.state = cluster::Process::State::kUnknown;
      break;
    case nodes::ProcessSeen::State::kRunning:
      out.state = cluster::Process::State::kRunning;
      break;
    case nodes::ProcessSeen::State::kExited:
      out.state = cluster::Process::State::kExited;
      break;
    case nodes::ProcessSeen::State::kLost:
      out.state = cluster::Process::State::kLost;
      break;
  }
  out.exit_code = seen.exit_code;
  out.signal = seen.signal;
  out.out_of_memory = seen.out_of_memory;
  out.lost_reason = seen.reason;
  out.ended = seen.ended;
  return out;
}

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

Result<Seen> Reconciler::look(const Cluster& cluster, Memory& memory) {
  Seen seen;
  const bool starting = cluster.status.state == cluster::State::kStarting;
  seen.engine.state = Seen::Engine::State::kInstalled;
  if (starting) {
    look_at_engine(cluster, seen);
    if (seen.engine.state == Seen::Engine::State::kInstalled && cluster.wanted.terminate.empty()) {
      seen.capacity = world_.capacity.admit(cluster, &seen.capacity_reason);
    }
  } else if (cluster.status.admitted) {
    world_.capacity.admit(cluster, &seen.capacity_reason);  // after a restart: it counts again
  }

  seen.node_error = memory.node_error;
  if (cluster.status.node_wanted) {
    auto node = world_.nodes.look(cluster::node_id(cluster));
    if (node.ok()) {
      seen.node_exists = true;
      seen.node_alive = node->alive;
      seen.node_reason = node->reason;
      for (const auto& [id, process] : node->processes) seen.processes[id] = process_of(process);
    } else if (node.error().code != base::Code::kNotFound) {
      return std::move(node).error();
    }
  }
  look_at_steps(cluster, memory, seen);

  const bool idle = cluster.status.state == cluster::State::kWaiting && cluster.steps.empty();
  if (!idle) {
    memory.idle_since.reset();
  } else if (!memory.idle_since) {
    memory.idle_since = world_.clock.steady();
  }
  if (memory.idle_since) seen.idle = world_.clock.steady() - *memory.idle_since;

  const auto place = log_place(cluster.wanted.log_uri);
  seen.bootstrap_logs_shipped = !place || memory.bootstrap_shipped;
  if (cluster.status.bootstrap_done < static_cast<int>(cluster.wanted.bootstrap_actions.size())) {
    const int number = cluster.status.bootstrap_done + 1;
    seen.bootstrap_log = place
                             ? place->uri(bootstrap_key(cluster, number, "stderr"))
                             : (bootstrap_log_folder(number) / "stderr").string() + " on the node";
  }
  seen.final_logs_shipped = !place || memory.final_shipped;
  return seen;
}

void Reconciler::look_at_engine(const Cluster& cluster, Seen& seen) {
  const Engines::Look look = world_.engines.look(cluster);
  seen.engine.state = state_of(look.state);
  seen.engine.text = look.text;
}

void Reconciler::look_at_steps(const Cluster& cluster, Memory& memory, Seen& seen) {
  const std::string node = cluster::node_id(cluster);
  const job::Site site{cluster.wanted.applications};
  bool pending = false;
  for (const Step& step : cluster.steps) {
    pending = pending || step.state == StepState::kPending;
    if (step.state != StepState::kRunning && step.state != StepState::kCancelPending) continue;
    const auto found = seen.processes.find(cluster::process_of_step(step));
    const cluster::Process process =
        found == seen.processes.end() ? cluster::Process{} : found->second;
    if (process.state == cluster::Process::State::kRunning) continue;

    Seen::StepEnd end;
    if (process.state == cluster::Process::State::kUnknown) {
      // What cannot be started at all is known without trying.
      if (const auto launch = job::launch(step.jar, site); !launch.ok())
        end.start_error = launch.error().message;
      if (const auto it = memory.start_error.find(step.id); it != memory.start_error.end())
        end.start_error = it->second;
      if (end.start_error.empty()) continue;
    }
    const auto place = log_place_of(cluster, step);
    end.logs_shipped = memory.shipped[step.id];
    end.logs_error = memory.ship_error[step.id];
    std::string file = end.start_error.empty() ? "stderr" : "controller";
    if (process.exit_code != 0 || process.signal != 0) {
      const auto tail = [&](const char* name) {
        const auto log = world_.nodes.open_file(node, step_log_folder(step.id) / name);
        return log.ok() ? tail_of(log->get(), kTail) : std::string();
      };
      job::Cause cause = job::cause_of_failure(tail("stderr"), tail("stdout"));
      end.exception = std::move(cause.line);
      if (cause.in_stdout) file = "stdout";
    }
    end.log_file = place && end.logs_shipped ? place->uri(step_key(cluster, step.id, file))
                                             : (step_log_folder(step.id) / file).string();
    seen.step_ends[step.id] = std::move(end);
  }
  if (draining_) {
    seen.memory_for_step = false;
    seen.memory_reason = "Waiting for the server to be started again";
    for (auto& [id, end] : seen.step_ends)
      end.exception = "The server was shut down (howdah down) while the step ran.";
    return;
  }
  if (pending)
    seen.memory_for_step = world_.capacity.memory_for_step(running_steps(), &seen.memory_reason);
}

}  // namespace howdah::control
