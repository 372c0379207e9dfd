// The second half of a reconcile: the committed decision's actions. Each is short, idempotent and
// named deterministically; the shim claims what must run once.

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/log.h"
#include "control/clusters/log_files.h"
#include "control/clusters/reconciler.h"
#include "control/clusters/ship_logs.h"

namespace howdah::control {
namespace {

using base::Status;
using cluster::Action;
using cluster::Cluster;
using cluster::Seen;
using cluster::Step;

// What the node's programs changed in a command (`--master yarn` on a primary-only cluster), a
// sentence a line; it becomes part of the controller log.
constexpr const char* kNotes = "notes";

// So many failures in a row of making a node, starting a step or uploading a log are for good.
constexpr int kTries = 3;

const Step* step_of(const Cluster& cluster, const std::string& id) {
  for (const Step& step : cluster.steps) {
    if (step.id == id) return &step;
  }
  return nullptr;
}

base::Fd open_log(nodes::Provider& nodes, const std::string& node,
                  const std::filesystem::path& file) {
  auto opened = nodes.open_file(node, file);
  return opened.ok() ? std::move(*opened) : base::Fd();
}

}  // namespace

Status Reconciler::act(const Cluster& cluster, const Seen& seen, const Action& action,
                       Memory& memory) {
  const std::string node = cluster::node_id(cluster);
  const Step* step = action.step_id.empty() ? nullptr : step_of(cluster, action.step_id);
  switch (action.kind) {
    case Action::Kind::kInstallEngine:
      return world_.engines.install(cluster);
    case Action::Kind::kEnsureNode:
      return ensure_node(cluster, memory);
    case Action::Kind::kStartBootstrap:
      return start_bootstrap(cluster, action.number);
    case Action::Kind::kStartStep:
      return start_step(cluster, *step, memory);
    case Action::Kind::kSignalStep:
      return world_.nodes.signal(node, cluster::process_of_step(*step),
                                 action.kill ? nodes::Signal::kKill : nodes::Signal::kTerminate);
    case Action::Kind::kShipStepLogs:
      return ship_step(cluster, *step, seen, memory);
    case Action::Kind::kShipBootstrapLogs:
      return ship_bootstrap(cluster, memory);
    case Action::Kind::kShipFinalLogs: {
      const Status shipped = ship_bootstrap(cluster, memory);
      memory.final_shipped = shipped.ok() || ++memory.final_tries >= kTries;
      return base::ok();
    }
    case Action::Kind::kRemoveNode:
      return world_.nodes.remove(node);
  }
  return base::ok();
}

Status Reconciler::ensure_node(const Cluster& cluster, Memory& memory) {
  cluster::Node primary;
  primary.instance_id = cluster::instance_id(cluster);
  primary.group_id = cluster.wanted.group_id;
  primary.instance_type = cluster.wanted.instance_type;
  auto setup = world_.engines.node_of(cluster, primary);
  Status made = setup.ok() ? world_.nodes.ensure(setup->spec) : Status(setup.error());
  if (made.ok()) {
    memory.node_tries = 0;
    return made;
  }
  const bool hopeless = made.error().code == base::Code::kInvalidArgument ||
                        made.error().code == base::Code::kFailedPrecondition;
  if (hopeless || ++memory.node_tries >= kTries) memory.node_error = made.error().message;
  return made;
}

Status Reconciler::start_bootstrap(const Cluster& cluster, int number) {
  const cluster::BootstrapAction& action =
      cluster.wanted.bootstrap_actions[static_cast<size_t>(number) - 1];
  job::Launch launch = job::launch_bootstrap(action.path, action.args);
  const std::filesystem::path folder = bootstrap_log_folder(number);
  nodes::ProcessSpec process;
  process.id = cluster::process_of_bootstrap(number);
  process.linger = true;  // a daemon that an action starts goes on until the node ends
  process.argv = std::move(launch.argv);
  process.environment = world_.credentials_environment(cluster, nullptr);
  process.working_directory = "/home/hadoop";
  process.stdout_path = folder / "stdout";
  process.stderr_path = folder / "stderr";
  return world_.nodes.start(cluster::node_id(cluster), process);
}

Status Reconciler::start_step(const Cluster& cluster, const Step& step, Memory& memory) {
  const job::Site site{cluster.wanted.applications};
  auto launch = job::launch(step.jar, site);
  if (!launch.ok()) return base::ok();  // the next look sees it and the plan fails the step
  const std::filesystem::path folder = step_log_folder(step.id);
  nodes::ProcessSpec process;
  process.id = cluster::process_of_step(step);
  process.argv = launch->argv;
  process.environment = world_.credentials_environment(cluster, &step);
  process.environment.insert(process.environment.end(), launch->environment.begin(),
                             launch->environment.end());
  process.environment.emplace_back("EMR_STEP_ID", step.id);
  process.environment.emplace_back("EMR_CLUSTER_ID", cluster.key.id);
  process.environment.emplace_back("HOWDAH_NOTES_FILE", (folder / kNotes).string());
  process.memory_limit_bytes = world_.capacity.memory_of(cluster.wanted.instance_type);
  process.working_directory = std::filesystem::path("/mnt/var/lib/hadoop/steps") / step.id;
  process.stdout_path = folder / "stdout";
  process.stderr_path = folder / "stderr";
  const std::string node = cluster::node_id(cluster);
  Status started = world_.nodes.start(node, process);
  if (!started.ok()) {
    if (started.error().code == base::Code::kInvalidArgument ||
        ++memory.start_tries[step.id] >= kTries) {
      memory.start_error[step.id] = started.error().message;
    }
    return started;
  }
  const base::Fd log = TRY(world_.nodes.open_log(node, folder / "controller"));
  return append_once(log.get(), controller_begin(step, *launch, world_.clock.now()),
                     "INFO startExec");
}

Status Reconciler::ship_step(const Cluster& cluster, const Step& step, const Seen& seen,
                             Memory& memory) {
  const std::string node = cluster::node_id(cluster);
  const auto place = log_place_of(cluster, step);
  const std::filesystem::path folder = step_log_folder(step.id);
  auto controller = world_.nodes.open_log(node, folder / "controller");
  auto syslog =
      world_.nodes.open_log(node, folder / "syslog");  // EMR's fourth file; Spark writes none of it
  if (!controller.ok() || !syslog.ok()) {
    const base::Error& error = controller.ok() ? syslog.error() : controller.error();
    memory.ship_error[step.id] = error.message;
    return error;
  }
  const auto end = seen.step_ends.find(step.id);
  const std::string start_error = end == seen.step_ends.end() ? "" : end->second.start_error;
  const auto process = seen.processes.find(cluster::process_of_step(step));
  const base::Fd notes = open_log(world_.nodes, node, folder / kNotes);
  const std::string text =
      start_error.empty()
          ? (notes.valid() ? tail_of(notes.get(), 16 * 1024) : "") +
                controller_end(
                    step, process == seen.processes.end() ? cluster::Process{} : process->second,
                    world_.clock.now())
          : controller_refused(step, start_error, world_.clock.now());
  TRY(append_once(controller->get(), text, "with exitCode"));
  if (place) {
    for (const char* file : kStepFiles) {
      const Status shipped =
          ship_file(world_.objects, place->bucket, place->key(step_key(cluster, step.id, file)),
                    open_log(world_.nodes, node, folder / file));
      if (!shipped.ok()) {
        const bool hopeless = shipped.error().code == base::Code::kNotFound;  // no such bucket
        if (hopeless || ++memory.ship_tries[step.id] >= kTries)
          memory.ship_error[step.id] = shipped.error().message;
        return shipped;
      }
    }
  }
  memory.shipped[step.id] = true;
  return base::ok();
}

Status Reconciler::ship_bootstrap(const Cluster& cluster, Memory& memory) {
  const auto place = log_place(cluster.wanted.log_uri);
  const std::string node = cluster::node_id(cluster);
  for (int number = 1; place && number <= static_cast<int>(cluster.wanted.bootstrap_actions.size());
       ++number) {
    const std::filesystem::path folder = bootstrap_log_folder(number);
    if (!open_log(world_.nodes, node, folder / "stdout").valid()) break;  // it has not begun
    const base::Fd controller = TRY(world_.nodes.open_log(node, folder / "controller"));
    const auto& action = cluster.wanted.bootstrap_actions[static_cast<size_t>(number) - 1];
    TRY(append_once(
        controller.get(),
        fmt::format("INFO startExec '{} {}'\n", action.path, fmt::join(action.args, " ")),
        "INFO startExec"));
    for (const char* file : kBootstrapFiles) {
      TRY(ship_file(world_.objects, place->bucket, place->key(bootstrap_key(cluster, number, file)),
                    open_log(world_.nodes, node, folder / file)));
    }
  }
  memory.bootstrap_shipped = true;
  return base::ok();
}

void Reconciler::ship_running(const cluster::Key& key) {
  const auto loaded = world_.store.load(key);
  if (!loaded.ok()) return;
  const Cluster& cluster = loaded->cluster;
  std::map<std::string, uint64_t> sent;
  {
    std::lock_guard lock(mutex_);
    if (const auto it = memories_.find(key); it != memories_.end()) sent = it->second.shipped_bytes;
  }
  for (const Step& step : cluster.steps) {
    const auto place = log_place_of(cluster, step);
    if (step.state != cluster::StepState::kRunning || !place) continue;
    for (const char* file : kStepFiles) {
      base::Fd log =
          open_log(world_.nodes, cluster::node_id(cluster), step_log_folder(step.id) / file);
      struct stat info {};
      if (!log.valid() || ::fstat(log.get(), &info) != 0) continue;
      const uint64_t size = static_cast<uint64_t>(info.st_size);
      const std::string name = step.id + "/" + file;
      if (size == 0 || sent[name] == size) continue;
      const Status shipped =
          ship_file(world_.objects, place->bucket, place->key(step_key(cluster, step.id, file)),
                    std::move(log));
      if (shipped.ok()) sent[name] = size;
    }
  }
  std::lock_guard lock(mutex_);
  if (const auto it = memories_.find(key); it != memories_.end())
    it->second.shipped_bytes = std::move(sent);
}

}  // namespace howdah::control
