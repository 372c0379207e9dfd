// The second half of a reconcile: the committed decision's actions. Each is short, idempotent and
// named deterministically; the shim claims what must run once. Those on a node: act_on_nodes.cc.

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/log.h"
#include "control/clusters/log_files.h"
#include "control/clusters/reconciler.h"
#include "control/clusters/step_on_node.h"
#include "control/jobs/ship_file.h"

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

std::string primary_id(const Cluster& cluster) {
  const cluster::Node* primary = cluster::primary_of(cluster);
  return cluster::node_id(cluster, primary ? primary->number : 0);
}

base::Fd open_log(nodes::Provider& nodes, const std::string& node,
                  const std::filesystem::path& file) {
  auto opened = nodes.open_file(node, file);
  return opened.ok() ? std::move(*opened) : base::Fd();
}

}  // namespace

namespace {

bool is_of_node(const Action& action) {
  using Kind = Action::Kind;
  switch (action.kind) {
    case Kind::kInstallEngine:
    case Kind::kEnsureNetwork:
    case Kind::kTellHadoop:
    case Kind::kStartStep:
    case Kind::kSignalStep:
    case Kind::kEndApplications:
    case Kind::kShipStepLogs:
    case Kind::kRemoveNetwork:
      return false;
    default:
      return true;
  }
}

}  // namespace

// Each node's own actions in their order, several nodes at once; then what concerns the cluster.
std::optional<base::Error> Reconciler::act_all(const Cluster& cluster, const Seen& seen,
                                               const std::vector<Action>& actions, Memory& memory) {
  std::map<int, std::vector<Action>> of_nodes;
  for (const Action& action : actions) {
    if (is_of_node(action)) of_nodes[action.node].push_back(action);
  }
  for (const auto& [number, list] : of_nodes) memory.nodes[number];  // the map does not grow below
  std::mutex mutex;
  std::optional<base::Error> failure;
  const auto run = [&](const Action& action) {
    const Status done = act(cluster, seen, action, memory);
    if (done.ok()) return;
    base::log_warn("control", "{}: {}", cluster.key.id, done.error().message);
    std::lock_guard lock(mutex);
    failure = done.error();
  };
  if (parallel_ <= 1 || of_nodes.size() <= 1) {
    for (const Action& action : actions) run(action);
    return failure;
  }
  std::vector<const std::vector<Action>*> lists;
  for (const auto& [number, list] : of_nodes) lists.push_back(&list);
  std::atomic<size_t> next{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < parallel_ && i < static_cast<int>(lists.size()); ++i) {
      threads.emplace_back([&] {
        for (size_t at = next++; at < lists.size(); at = next++) {
          for (const Action& action : *lists[at]) run(action);
        }
      });
    }
  }
  for (const Action& action : actions) {
    if (!is_of_node(action)) run(action);
  }
  return failure;
}

Status Reconciler::act(const Cluster& cluster, const Seen& seen, const Action& action,
                       Memory& memory) {
  if (is_of_node(action)) {
    for (const cluster::Node& node : cluster.status.nodes) {
      if (node.number == action.node)
        return act_on_node(cluster, node, action, memory.nodes.at(node.number));
    }
    return base::ok();
  }
  const Step* step = action.step_id.empty() ? nullptr : step_of(cluster, action.step_id);
  switch (action.kind) {
    case Action::Kind::kInstallEngine:
      return world_.engines.install(cluster);
    case Action::Kind::kEnsureNetwork:
      return ensure_network(cluster, memory);
    case Action::Kind::kRemoveNetwork:
      return world_.nodes.remove_network(cluster.key.id);
    case Action::Kind::kTellHadoop:
      return tell_hadoop(cluster, memory);
    case Action::Kind::kStartStep:
      return start_step(cluster, *step, memory);
    case Action::Kind::kSignalStep:
      return world_.nodes.signal(primary_id(cluster), cluster::process_of_step(*step),
                                 action.kill ? nodes::Signal::kKill : nodes::Signal::kTerminate);
    case Action::Kind::kEndApplications: {
      const Status ended =
          world_.hadoop ? world_.hadoop->end_applications(cluster, *step) : base::ok();
      if (ended.ok()) memory.applications_ended[step->id] = true;
      return ended;
    }
    case Action::Kind::kShipStepLogs:
      return ship_step(cluster, *step, seen, memory);
    default:
      return base::ok();
  }
}

Status Reconciler::ensure_network(const Cluster& cluster, Memory& memory) {
  auto made = world_.nodes.ensure_network(cluster.key.id);
  if (made.ok()) {
    memory.network_tries = 0;
    memory.subnet = std::move(*made);
    return base::ok();
  }
  const bool hopeless = made.error().code == base::Code::kInvalidArgument ||
                        made.error().code == base::Code::kFailedPrecondition;
  if (!hopeless && ++memory.network_tries < kTries) return std::move(made).error();
  memory.network_refused = made.error().message;
  return base::ok();  // the next look sees it
}

Status Reconciler::tell_hadoop(const Cluster& cluster, Memory& memory) {
  std::vector<std::string> leaving;
  base::Millis timeout{0};
  for (const cluster::Node& node : cluster.status.nodes) {
    if (!node.leaving || cluster::is_over(node)) continue;
    leaving.push_back(cluster::private_dns(cluster, node));
    const cluster::Group* group = cluster::group_of(cluster.wanted, node.group_id);
    const base::Millis own = group && group->decommission_seconds
                                 ? base::Millis(*group->decommission_seconds * 1000)
                                 : cluster::Limits().decommission;
    timeout = std::max(timeout, own);
  }
  if (world_.hadoop) TRY(world_.hadoop->refresh(cluster, leaving, timeout));
  for (const cluster::Node& node : cluster.status.nodes) {
    if (cluster::is_over(node)) continue;
    memory.nodes[node.number].announced = true;
    if (node.leaving) memory.nodes[node.number].told_to_leave = world_.clock.steady();
  }
  return base::ok();
}

Status Reconciler::start_step(const Cluster& cluster, const Step& step, Memory& memory) {
  auto launch = job::launch(step.jar, site_of(cluster, step));
  if (!launch.ok()) return base::ok();  // the next look sees it and the plan fails the step
  const std::filesystem::path folder = step_log_folder(step.id);
  const cluster::Node* primary = cluster::primary_of(cluster);
  const std::string type = primary ? primary->instance_type : "";
  nodes::ProcessSpec process;
  process.id = cluster::process_of_step(step);
  process.argv = launch->argv;
  process.environment = world_.credentials_environment(cluster, &step);
  process.environment.insert(process.environment.end(), launch->environment.begin(),
                             launch->environment.end());
  process.environment.emplace_back("EMR_STEP_ID", step.id);
  process.environment.emplace_back("EMR_CLUSTER_ID", cluster.key.id);
  process.environment.emplace_back("HOWDAH_NOTES_FILE", (folder / kNotes).string());
  process.memory_limit_bytes = world_.capacity.memory_of(type);
  process.working_directory = std::filesystem::path("/mnt/var/lib/hadoop/steps") / step.id;
  process.stdout_path = folder / "stdout";
  process.stderr_path = folder / "stderr";
  const std::string node = primary_id(cluster);
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
  const std::string node = primary_id(cluster);
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
  const cluster::Node* primary = cluster::primary_of(cluster);
  const auto on_primary = seen.nodes.find(primary ? primary->number : 0);
  cluster::Process process;
  if (on_primary != seen.nodes.end()) {
    const auto found = on_primary->second.processes.find(cluster::process_of_step(step));
    if (found != on_primary->second.processes.end()) process = found->second;
  }
  const base::Fd notes = open_log(world_.nodes, node, folder / kNotes);
  const std::string text = start_error.empty()
                               ? (notes.valid() ? tail_of(notes.get(), 16 * 1024) : "") +
                                     controller_end(step, process, world_.clock.now())
                               : controller_refused(step, start_error, world_.clock.now());
  if (const Status ended = append_once(controller->get(), text, "with exitCode"); !ended.ok()) {
    // A full disk: the step ends without these words.
    if (++memory.ship_tries[step.id] >= kTries) memory.ship_error[step.id] = ended.error().message;
    return ended;
  }
  if (place) {
    for (const char* file : kStepFiles) {
      const Status shipped =
          ship_file(world_.objects, place->bucket, place->key(step_key(cluster, step.id, file)),
                    open_log(world_.nodes, node, folder / file));
      if (!shipped.ok()) {
        const bool hopeless = shipped.error().code == base::Code::kNotFound;  // no such bucket
        if (hopeless || ++memory.ship_tries[step.id] >= kTries)
          memory.ship_error[step.id] =
              fmt::format("s3://{}: {}", place->bucket, shipped.error().message);
        return shipped;
      }
    }
  }
  // Also without a log URI: it keeps the driver's outputs of cluster mode.
  if (world_.ship_step_containers && start_error.empty()) {
    const Status shipped = world_.ship_step_containers(cluster, step);
    if (!shipped.ok() && ++memory.ship_tries[step.id] < kTries) return shipped;
  }
  memory.shipped[step.id] = true;
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
      base::Fd log = open_log(world_.nodes, primary_id(cluster), step_log_folder(step.id) / file);
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
  for (const cluster::Node& node : cluster.status.nodes) {
    if (node.state != cluster::InstanceState::kRunning || !world_.ship_node_logs) continue;
    const Status shipped = world_.ship_node_logs(cluster, node, false);
    if (!shipped.ok())
      base::log_warn("control", "{}: {}", node.instance_id, shipped.error().message);
  }
  std::lock_guard lock(mutex_);
  if (const auto it = memories_.find(key); it != memories_.end())
    it->second.shipped_bytes = std::move(sent);
}

}  // namespace howdah::control
