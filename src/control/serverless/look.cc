// The first half of a reconcile: what the world shows of one application and its runs.

#include <fmt/format.h>

#include <algorithm>

#include "control/jobs/disk.h"
#include "control/jobs/log_place.h"
#include "control/jobs/process.h"
#include "control/serverless/applications.h"
#include "job/failure.h"
#include "serverless/ui_ports.h"

namespace howdah::control {
namespace {

using base::Result;
using serverless::Application;
using serverless::JobRun;
using serverless::Seen;
using serverless::SeenRun;

constexpr size_t kTail = 64 * 1024;
// What a Spark driver and its Python take of this host, whatever they declare.
constexpr uint64_t kRunNeeds = 1536ull * 1024 * 1024;
constexpr uint64_t kExecutorNeeds = 2048ull * 1024 * 1024;
constexpr double kGiB = 1024.0 * 1024 * 1024;

Seen::Engine engine_of(const InstallationSeen& seen) {
  using From = InstallationSeen::State;
  using To = Seen::Engine::State;
  const To state = seen.state == From::kInstalled    ? To::kInstalled
                   : seen.state == From::kInstalling ? To::kInstalling
                   : seen.state == From::kFailed     ? To::kFailed
                                                     : To::kMissing;
  return {state, seen.text};
}

std::string tail(nodes::Provider& nodes, const AttemptPlace& place, const char* file) {
  const auto log = nodes.open_file(
      place.node, run_log_folder(place.run, place.attempt) + "/SPARK_DRIVER/" + file);
  return log.ok() ? tail_of(log->get(), kTail) : std::string();
}

// The driver's, once; in local mode it is all there is.
int64_t workers_of(const serverless::SparkSettings& settings) { return 1 + settings.executors; }

serverless::Resources together(const serverless::SparkSettings& settings) {
  const auto n = static_cast<double>(settings.executors);
  return {settings.driver.vcpu + n * settings.executor.vcpu,
          settings.driver.memory_gb + n * settings.executor.memory_gb,
          settings.driver.disk_gb + n * settings.executor.disk_gb};
}

// What this host can hold, and has free beside those that are there; beyond those of its start only
// what it has cores for: more would keep each other from working.
int64_t most_executors(const serverless::SparkSettings& settings, const JobRun& run, Host& host,
                       int cpus) {
  const auto all = static_cast<int64_t>(host.total_memory() / kExecutorNeeds);
  const auto more = static_cast<int64_t>(host.available_memory() / kExecutorNeeds);
  const auto there = static_cast<int64_t>(run.status.executors.size());
  const int64_t by_cores =
      std::max<int64_t>(settings.executors, cpus / std::max(1, settings.executor_cores));
  return std::max<int64_t>(1, std::min({all, there + more, by_cores}));
}

}  // namespace

Result<Seen> Applications::look(const Application& application, Memory& memory) {
  Seen seen;
  const base::Millis now = world_.clock.steady();
  if (memory.state != application.status.state) {
    memory.state = application.status.state;
    memory.in_state_since = now;
  }
  seen.in_state_for = now - memory.in_state_since;
  seen.engine = engine_of(world_.engines.look(application.wanted.release_label));
  if (!memory.nodes_listed) {
    for (const nodes::NodeSeen& node : TRY(world_.nodes.list())) {
      if (node.id.starts_with(application.key.id + "/")) memory.nodes.insert(node.id);
    }
    memory.nodes_listed = true;
  }
  bool busy = false;
  for (const JobRun& run : application.runs) {
    RunMemory& one = memory.runs[run.id];
    busy = busy || !serverless::is_terminal(run.status.state);
    seen.runs[run.id] = TRY(look_at_run(application, run, one));
    const bool is_long =
        run.wanted.spark && memory.long_ones.contains(run.wanted.spark->entry_point);
    offer(application, run, is_long, one, seen);
  }
  if (busy || application.status.state != serverless::ApplicationState::kStarted) {
    memory.idle_since.reset();
  } else {
    if (!memory.idle_since) memory.idle_since = now;
    seen.idle = now - *memory.idle_since;
  }
  seen.nodes.assign(memory.nodes.begin(), memory.nodes.end());
  look_at_capacity(application, memory, seen);
  return seen;
}

void Applications::look_at_capacity(const Application& application, Memory& memory, Seen& seen) {
  using State = serverless::ApplicationState;
  const State state = application.status.state;
  const bool on = state == State::kStarting || state == State::kStarted;
  const auto driver = application.wanted.initial_capacity.find("Driver");
  const bool wants = on && driver != application.wanted.initial_capacity.end() &&
                     seen.engine.state == Seen::Engine::State::kInstalled;
  if (wants || memory.kept > 0) {
    WarmKey key{application.wanted.release_label, ""};
    int64_t count = 0;
    if (wants) {
      // As many as this host has cores for; the others' share is taken when a run comes.
      count = std::min<int64_t>(driver->second.count, std::max(1, world_.cpus));
      // The heap that such a worker has room for beside Spark's overhead.
      const int64_t heap = static_cast<int64_t>(driver->second.worker.memory_gb / 1.1);
      key.heap = std::to_string(std::max<int64_t>(1, heap)) + "g";
      const auto settings = serverless::spark_settings(
          application.wanted.release_label, application.wanted.runtime_configuration, {}, "");
      if (settings.ok() && settings->driver == driver->second.worker)
        key.heap = warm_key_of({}, *settings, nullptr).value_or(key).heap;
    }
    world_.warm.keep(application.key, key, static_cast<int>(count));
    memory.kept = count;
    seen.ready_wanted = count;
    seen.ready = world_.warm.ready(application.key);
  }
  const uint64_t free = world_.host.available_memory();
  const int running = running_runs();
  if (running > 0 && free < kRunNeeds) {
    seen.memory = false;
    seen.memory_reason = fmt::format(
        "Waiting for memory: {:.1f} GiB of this host are free, a job run needs {:.1f}; {} are "
        "running",
        static_cast<double>(free) / kGiB, static_cast<double>(kRunNeeds) / kGiB, running);
  }
}

Result<SeenRun> Applications::look_at_run(const Application& application, const JobRun& run,
                                          RunMemory& memory) {
  SeenRun out;
  const base::Millis now = world_.clock.steady();
  const AttemptPlace place = place_of(application, run);
  if (!memory.settings && memory.refused.empty()) {
    auto settings = serverless::spark_settings(application, run.wanted);
    if (!run.wanted.spark) {
      memory.refused = "Hive job runs cannot run here yet: this release runs Spark applications.";
    } else if (!settings.ok()) {
      memory.refused = settings.error().message;
    } else {
      memory.settings = std::move(*settings);
      memory.workers = together(*memory.settings);
      memory.worker_count = workers_of(*memory.settings);
      const auto placement = serverless::placement_of(*memory.settings, world_.cpus);
      memory.way =
          placement.local ? fmt::format("local[{}]", placement.threads) : serverless::kStandalone;
    }
  }
  if (memory.attempt.number != place.attempt) memory.attempt = {.number = place.attempt};
  if (memory.state != run.status.state || memory.in_state_since == base::Millis(0)) {
    memory.state = run.status.state;
    memory.in_state_since = now;
  }
  out.attempt = place.attempt;
  out.in_state_for = now - memory.in_state_since;
  out.refused = memory.refused;
  out.workers = memory.workers;
  out.worker_count = memory.worker_count;
  out.way = memory.way;
  if (memory.settings && serverless::is_standalone(memory.way)) {
    out.driver = memory.settings->driver;
    out.executor = memory.settings->executor;
    out.executors_wanted = memory.settings->executors;
    out.executors_most = most_executors(*memory.settings, run, world_.host, world_.cpus);
  }
  out.node_error = memory.attempt.node_error;
  out.start_error = memory.attempt.start_error;
  out.logs_shipped = memory.attempt.shipped;
  out.logs_error = memory.attempt.ship_error;
  if (run.status.signalled) {
    if (!memory.attempt.signalled_since) memory.attempt.signalled_since = now;
    out.signalled_for = now - *memory.attempt.signalled_since;
  }
  if (run.status.node.empty()) return out;
  auto node = world_.nodes.look(run.status.node);
  // A node that could not be looked at is not one that is gone: that would fail a run that goes on.
  if (!node.ok() && node.error().code != base::Code::kNotFound) return std::move(node).error();
  if (!node.ok()) return out;
  out.node_exists = true;
  out.node_alive = node->alive;
  look_at_process(place, *node, memory, serverless::process_of(run, place.attempt), out);
  if (serverless::is_standalone(run.status.way)) look_at_cluster(place, run, *node, memory, out);
  return out;
}

void Applications::look_at_cluster(const AttemptPlace& place, const JobRun& run,
                                   const nodes::NodeSeen& node, RunMemory& memory, SeenRun& out) {
  const std::string master = serverless::master_process_of(run, place.attempt);
  for (const auto& [id, seen] : node.processes) {
    if (const auto number = serverless::executor_of(id, run, place.attempt))
      out.workers_seen[*number] = process_of(seen).state;
    if (id == master) look_at_master(place, seen, memory);
  }
  for (const int number : memory.attempt.not_started)
    out.workers_seen[number] = job::Process::State::kExited;
  out.master = memory.attempt.master;
  out.master_ended = memory.attempt.master_ended;
  if (out.process.state != job::Process::State::kRunning) return;
  const StandaloneClusters::Seen said = world_.clusters.ask(
      place, memory.settings ? serverless::ui_port(*memory.settings, run.id, place.attempt) : 0);
  // Whoever does not answer goes on wanting what it wanted.
  if (said.wanted) memory.attempt.wanted = said.wanted;
  if (memory.attempt.wanted) out.executors_wanted = *memory.attempt.wanted;
  out.idle = said.idle;
}

void Applications::look_at_master(const AttemptPlace& place, const nodes::ProcessSeen& seen,
                                  RunMemory& memory) {
  RunMemory::Attempt& attempt = memory.attempt;
  if (attempt.master.empty()) attempt.master = world_.clusters.master(place);
  using State = nodes::ProcessSeen::State;
  if ((seen.state != State::kExited && seen.state != State::kLost) || !attempt.master_ended.empty())
    return;
  const std::string path = master_log(place.run, place.attempt);
  const auto log = world_.nodes.open_file(place.node, path);
  const std::string line =
      log.ok() ? job::cause_of_failure(tail_of(log->get(), kTail), "").line : "";
  attempt.master_ended =
      fmt::format("{}. {}Its log: {} in the node {}.",
                  seen.state == State::kLost ? "was lost: " + seen.reason
                  : seen.signal != 0         ? fmt::format("was ended by signal {}", seen.signal)
                                     : fmt::format("ended with exit code {}", seen.exit_code),
                  line.empty() ? "" : line + ". ", path, place.node);
}

void Applications::look_at_process(const AttemptPlace& place, const nodes::NodeSeen& node,
                                   RunMemory& memory, const std::string& process, SeenRun& out) {
  const base::Millis now = world_.clock.steady();
  for (const auto& [id, seen] : node.processes) {
    if (id != process) continue;
    out.process = process_of(seen);
    if (out.process.state == job::Process::State::kRunning) {
      // After a restart of the server it goes on counting from when the process began.
      if (!memory.attempt.running_since) {
        const base::Millis before =
            seen.started ? std::max(base::Millis(0), world_.clock.now() - *seen.started)
                         : base::Millis(0);
        memory.attempt.running_since = now - before;
      }
      out.process.running_for = now - *memory.attempt.running_since;
      return;
    }
    const bool over = out.process.state == job::Process::State::kExited ||
                      out.process.state == job::Process::State::kLost;
    if (over && !memory.attempt.causes_read) {
      memory.attempt.causes_read = true;
      if (out.process.exit_code != 0 || out.process.signal != 0) {
        memory.attempt.exceptions = job::cause_of_failure(tail(world_.nodes, place, "stderr"),
                                                          tail(world_.nodes, place, "stdout"))
                                        .line;
        std::string& said = memory.attempt.exceptions;
        const std::string disk = word_of_full_disk(world_.nodes, node.id, said);
        if (!disk.empty()) said += (said.empty() ? "" : ". ") + disk;
      }
    }
    out.last_exceptions = memory.attempt.exceptions;
    return;
  }
}

void Applications::offer(const Application& application, const JobRun& run, bool is_long,
                         RunMemory& memory, Seen& seen) {
  const bool soon = application.status.state == serverless::ApplicationState::kStarted ||
                    application.status.state == serverless::ApplicationState::kStarting ||
                    application.wanted.auto_start;
  if (!memory.settings || !serverless::is_waiting(run.status.state) || run.wanted.cancel || !soon ||
      seen.engine.state != Seen::Engine::State::kInstalled) {
    if (memory.offered && run.status.node.empty()) world_.warm.release(run.id);
    memory.offered = false;
    return;
  }
  // Drivers that are ready compile with C1 alone.
  if (!memory.way.starts_with("local[") || is_long) return;
  const auto key = warm_key_of(run.wanted, *memory.settings, nullptr);
  if (!key) return;
  memory.offered = true;
  if (const auto node = world_.warm.take(*key, run.id)) {
    seen.warm[run.id] = *node;
    seen.runs[run.id].node_exists = seen.runs[run.id].node_alive = true;
  }
}

}  // namespace howdah::control
