// The second half of a reconcile: the committed decision's actions. Each is short, idempotent and
// named deterministically; the shim claims what must run once.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "control/serverless/applications.h"
#include "os/file.h"

namespace howdah::control {
namespace {

using base::Status;
using serverless::Action;
using serverless::Application;
using serverless::JobRun;

// So many failures in a row of making a node, starting a run or uploading a log are for good.
constexpr int kTries = 3;

const JobRun* run_of(const Application& application, const std::string& id) {
  for (const JobRun& run : application.runs) {
    if (run.id == id) return &run;
  }
  return nullptr;
}

bool is_hopeless(const base::Error& error) {
  return error.code == base::Code::kInvalidArgument ||
         error.code == base::Code::kFailedPrecondition;
}

// What a user should know of how the run was understood: the node's spark-submit says it first.
std::string notes_of(const serverless::SparkSettings& settings, int cpus) {
  std::string out = "howdah: " + serverless::placement_of(settings, cpus).reason;
  for (const std::string& note : settings.notes) out += "\nhowdah: " + note;
  return out;
}

// A file below /mnt of the node, as a whole; again and again the same.
Status put_file(nodes::Provider& nodes, const std::string& node, const std::string& path,
                const std::string& text) {
  const base::Fd file = TRY(nodes.open_log(node, path));
  if (::ftruncate(file.get(), 0) != 0) return base::from_errno(path);
  return os::write_all(file.get(), text, path);
}

bool has_process(const nodes::NodeSeen& node, const std::string& id) {
  return std::any_of(node.processes.begin(), node.processes.end(),
                     [&](const auto& process) { return process.first == id; });
}

}  // namespace

Status Applications::act(const Application& application, const Action& action, Memory& memory) {
  if (action.kind == Action::Kind::kInstallEngine)
    return world_.engines.install(application.wanted.release_label);
  if (action.kind == Action::Kind::kRemoveNode) {
    TRY(world_.nodes.remove(action.node));
    TRY(world_.nodes.forget(action.node));
    memory.nodes.erase(action.node);
    return base::ok();
  }
  const JobRun* run = run_of(application, action.run);
  if (run == nullptr) return base::ok();
  RunMemory& one = memory.runs[run->id];
  switch (action.kind) {
    case Action::Kind::kEnsureNode:
      return ensure_node(application, *run, one);
    case Action::Kind::kStartRun:
      return start_run(
          application, *run,
          run->wanted.spark && memory.long_ones.contains(run->wanted.spark->entry_point), one);
    case Action::Kind::kStartMaster:
    case Action::Kind::kStartWorker:
      return start_daemon(application, *run, action, one);
    case Action::Kind::kStopWorker:
      return world_.nodes.signal(
          run->status.node,
          serverless::worker_process_of(*run, place_of(application, *run).attempt, action.executor),
          nodes::Signal::kKill);  // no executor runs on it
    case Action::Kind::kSignalRun:
      return world_.nodes.signal(run->status.node,
                                 serverless::process_of(*run, place_of(application, *run).attempt),
                                 action.kill ? nodes::Signal::kKill : nodes::Signal::kTerminate);
    case Action::Kind::kShipLogs:
      return ship(application, *run, one);
    default:
      return base::ok();
  }
}

Status Applications::ensure_node(const Application& application, const JobRun& run,
                                 RunMemory& memory) {
  if (!memory.settings) return base::ok();
  Status made = base::ok();
  auto setup = world_.engines.setup(application, run, *memory.settings);
  if (setup.ok()) {
    setup->node.id = run.status.node;
    made = world_.nodes.ensure(setup->node);
  } else {
    made = setup.error();
  }
  if (made.ok()) return base::ok();
  if (is_hopeless(made.error()) || ++memory.attempt.tries >= kTries)
    memory.attempt.node_error =
        "The node of the job run could not be made: " + made.error().message;
  return made;
}

Status Applications::start_run(const Application& application, const JobRun& run, bool is_long,
                               RunMemory& memory) {
  if (!memory.settings) return base::ok();
  if (!memory.attempt.node_error.empty()) return base::ok();  // the next plan fails the attempt
  const auto node = world_.nodes.look(run.status.node);
  if (!node.ok() || !node->alive) return base::ok();  // the next plan mends it
  auto setup = world_.engines.setup(application, run, *memory.settings);
  Status started = setup.ok() ? base::ok() : Status(setup.error());
  if (started.ok())
    started = put_file(world_.nodes, run.status.node, setup->properties_path, setup->properties);
  if (started.ok()) {
    setup->process.environment.emplace_back("HOWDAH_JIT", is_long ? "c2" : "c1");
    setup->process.environment.emplace_back("HOWDAH_SAYS", notes_of(*memory.settings, world_.cpus));
    setup->process.id = serverless::process_of(run, place_of(application, run).attempt);
    started = world_.nodes.start(run.status.node, setup->process);
  }
  if (started.ok()) return base::ok();
  if (is_hopeless(started.error()) || ++memory.attempt.tries >= kTries)
    memory.attempt.start_error = "The job run could not be started: " + started.error().message;
  return started;
}

Status Applications::start_daemon(const Application& application, const JobRun& run,
                                  const Action& action, RunMemory& memory) {
  if (!memory.settings || !memory.attempt.start_error.empty()) return base::ok();
  const auto node = world_.nodes.look(run.status.node);
  if (!node.ok() || !node->alive) return base::ok();  // the next plan mends it
  const bool is_master = action.kind == Action::Kind::kStartMaster;
  auto setup =
      is_master ? world_.engines.master_setup(application, run)
                : world_.engines.worker_setup(application, run, *memory.settings, action.executor);
  // One that was started reads its properties now.
  if (setup.ok() && has_process(*node, setup->process.id)) return base::ok();
  Status started = setup.ok() ? base::ok() : Status(setup.error());
  if (started.ok() && is_master)
    started = put_file(world_.nodes, run.status.node, setup->properties_path, setup->properties);
  if (started.ok()) started = world_.nodes.start(run.status.node, setup->process);
  if (started.ok()) return started;
  if (!is_master) {  // the driver goes on with those that it has
    base::log_warn("control", "{} {}: {}", application.key.id, run.id, started.error().message);
    memory.attempt.not_started.insert(action.executor);
    return base::ok();
  }
  if (is_hopeless(started.error()) || ++memory.attempt.tries >= kTries)
    memory.attempt.start_error =
        "The Spark master of the job run could not be started: " + started.error().message;
  return started;
}

Status Applications::ship(const Application& application, const JobRun& run, RunMemory& memory) {
  const Status shipped = world_.logs.ship(application, run, place_of(application, run), true);
  if (shipped.ok()) {
    memory.attempt.shipped = true;
    return base::ok();
  }
  const bool hopeless = shipped.error().code == base::Code::kNotFound;  // no such bucket
  if (hopeless || ++memory.attempt.ship_tries >= kTries) {
    memory.attempt.ship_error = shipped.error().message;
    return base::ok();
  }
  return shipped;
}

}  // namespace howdah::control
