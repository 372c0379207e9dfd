// Actions on one node; those on different nodes may run at once, each with its own memory.

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "control/clusters/log_files.h"
#include "control/clusters/reconciler.h"
#include "control/jobs/ship_file.h"

namespace howdah::control {
namespace {

using base::Status;
using cluster::Action;
using cluster::Cluster;
using cluster::Node;

// So many failures in a row of making a node or uploading its logs are for good.
constexpr int kTries = 3;

// Every script that lies in EMR's folder, all at once, 60 seconds each (Management Guide, "Use
// shutdown actions").
constexpr const char* kShutdownScript =
    "cd /mnt/var/lib/instance-controller/public/shutdown-actions || exit 0\n"
    "for script in *; do\n"
    "  [ -f \"$script\" ] && { timeout -k 5 60 bash \"./$script\" || true; } &\n"
    "done\n"
    "wait\n";

constexpr const char* kWarmDriver = "howdah-warm-driver";
constexpr const char* kWarmLog = "/mnt/var/log/instance-controller/warm-drivers.log";

bool is_hopeless(const base::Error& error) {
  return error.code == base::Code::kInvalidArgument ||
         error.code == base::Code::kFailedPrecondition;
}

}  // namespace

Status Reconciler::act_on_node(const Cluster& cluster, const Node& node, const Action& action,
                               NodeMemory& memory) {
  const std::string id = cluster::node_id(cluster, node.number);
  switch (action.kind) {
    case Action::Kind::kEnsureNode:
      return ensure_node(cluster, node, memory);
    case Action::Kind::kAttach: {
      const Status attached = world_.attach ? world_.attach(cluster, node) : base::ok();
      memory.attached = attached.ok();
      return attached;
    }
    case Action::Kind::kStartBootstrap:
      return start_bootstrap(cluster, node, action.number);
    case Action::Kind::kStartServices: {
      nodes::ProcessSpec process;
      process.id = cluster::process_of_services(action.number);
      process.linger = true;
      process.argv = {"/usr/lib/howdah/start-services"};
      process.user = "root";
      process.working_directory = "/";
      process.stdout_path = process.stderr_path = "/mnt/var/log/howdah/services.log";
      return world_.nodes.start(id, process);
    }
    case Action::Kind::kStartOthers:
      return start_others(cluster, node, memory);
    case Action::Kind::kUpdateNode:
      return update_node(cluster, node, memory);
    case Action::Kind::kReconfigure:
      return reconfigure(cluster, node, memory);
    case Action::Kind::kRunShutdownActions:
      return run_shutdown_actions(cluster, node);
    case Action::Kind::kShipBootstrapLogs:
      return ship_bootstrap(cluster, node, memory);
    case Action::Kind::kStartWarm:
      start_warm(cluster, node, action.number, memory);
      return base::ok();
    case Action::Kind::kEndWarm:
      return end_warm(cluster, node, action.number);
    case Action::Kind::kShipFinalLogs:
      return ship_final(cluster, node, memory);
    case Action::Kind::kRemoveNode:
      return world_.nodes.remove(id);
    default:
      return base::ok();
  }
}

Status Reconciler::ensure_node(const Cluster& cluster, const Node& node, NodeMemory& memory) {
  const auto make = [&]() -> Status {
    if (!node.address.empty()) TRY(world_.nodes.ensure_network(cluster.key.id));
    const NodeSetup setup = TRY(world_.engines.node_of(cluster, node));
    TRY(world_.nodes.ensure(setup.spec));
    memory.units = setup.daemons;
    memory.can_be_warm = setup.can_be_warm;
    return base::ok();
  };
  const Status made = make();
  if (made.ok()) {
    memory.tries = 0;
    memory.attached = false;  // what was bound in it went with it
    memory.public_address.clear();
    memory.view = view_of(cluster);
    memory.starting_since.reset();
    probes_.forget(cluster.key, node.number);
    return made;
  }
  if (is_hopeless(made.error()) || ++memory.tries >= kTries) memory.error = made.error().message;
  return made;
}

Status Reconciler::update_node(const Cluster& cluster, const Node& node, NodeMemory& memory) {
  const NodeSetup setup = TRY(world_.engines.node_of(cluster, node));
  TRY(world_.nodes.update(setup.spec));
  memory.view = view_of(cluster);
  return base::ok();
}

// New files, then the units that read them. What goes wrong is seen and decided about; the attempt
// is not repeated.
Status Reconciler::reconfigure(const Cluster& cluster, const Node& node, NodeMemory& memory) {
  const cluster::Group* group = cluster::group_of(cluster.wanted, node.group_id);
  const cluster::GroupStatus* status = cluster::group_status_of(cluster.status, node.group_id);
  if (!group || !status) return base::ok();
  const auto apply = [&]() -> Status {
    const NodeSetup setup = TRY(world_.engines.node_of(cluster, node));
    TRY(world_.nodes.update(setup.spec));
    memory.units = setup.daemons;
    memory.units_version = node.applying;
    memory.view = view_of(cluster);
    // From what it may run with: the last that was applied, or the one that failed.
    const bool forward = node.applying == group->configurations_version;
    base::JsonArray from = cluster.wanted.configurations;
    for (const base::Json& item : forward ? status->applied_configurations : group->configurations)
      from.push_back(item);
    const base::JsonArray to = cluster::configurations_of(cluster, node.group_id);
    for (const std::string& unit : world_.engines.restarts(cluster, node, from, to)) {
      if (world_.daemons) TRY(world_.daemons->control(cluster, node, DaemonVerb::kRestart, unit));
    }
    return base::ok();
  };
  const Status applied = apply();
  if (!applied.ok() && !is_hopeless(applied.error()) && memory.tries < kTries) {
    ++memory.tries;
    return applied;
  }
  memory.tries = 0;
  memory.configured = node.applying;
  memory.configured_at = world_.clock.steady();
  memory.configure_error = applied.ok() ? "" : applied.error().message;
  probes_.forget(cluster.key, node.number);
  return base::ok();
}

Status Reconciler::start_others(const Cluster& cluster, const Node& node, NodeMemory& memory) {
  for (const DaemonUnit& unit : memory.units.value_or(std::vector<DaemonUnit>())) {
    if (unit.essential || unit.on_demand || !world_.daemons) continue;
    TRY(world_.daemons->control(cluster, node, DaemonVerb::kUp, unit.unit));
  }
  memory.others_started = true;
  return base::ok();
}

Status Reconciler::start_bootstrap(const Cluster& cluster, const Node& node, int number) {
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
  return world_.nodes.start(cluster::node_id(cluster, node.number), process);
}

// With the node's environment alone: it is for a job that nobody knows yet. A step goes on without
// it, so that nothing is tried again.
void Reconciler::start_warm(const Cluster& cluster, const Node& node, int number,
                            NodeMemory& memory) {
  const cluster::Warm& warm = cluster.status.warm;
  nodes::ProcessSpec process;
  process.id = cluster::process_of_warm(number);
  process.argv = {kWarmDriver, "--name", process.id};
  if (!warm.has.empty()) process.argv.insert(process.argv.end(), {"--heap", warm.has});
  process.memory_limit_bytes = world_.capacity.memory_of(node.instance_type);
  process.working_directory = "/home/hadoop";
  process.stdout_path = process.stderr_path = kWarmLog;
  const Status started = world_.nodes.start(cluster::node_id(cluster, node.number), process);
  if (started.ok()) return;
  memory.cold = true;
  base::log_warn("control", "no warm driver in {}: {}", node.instance_id, started.error().message);
}

// It is asked, not signalled: a job that has just taken it must not get the signal.
Status Reconciler::end_warm(const Cluster& cluster, const Node& node, int number) {
  nodes::ProcessSpec process;
  process.id = cluster::process_of_warm_end(number);
  process.argv = {kWarmDriver, "--end", cluster::process_of_warm(number)};
  process.working_directory = "/home/hadoop";
  process.stdout_path = process.stderr_path = kWarmLog;
  return world_.nodes.start(cluster::node_id(cluster, node.number), process);
}

Status Reconciler::run_shutdown_actions(const Cluster& cluster, const Node& node) {
  nodes::ProcessSpec process;
  process.id = cluster::kShutdownActions;
  process.argv = {"bash", "-c", kShutdownScript};
  process.environment = world_.credentials_environment(cluster, nullptr);
  process.working_directory = "/home/hadoop";
  process.stdout_path = process.stderr_path =
      "/mnt/var/log/instance-controller/shutdown-actions.log";
  return world_.nodes.start(cluster::node_id(cluster, node.number), process);
}

Status Reconciler::ship_bootstrap(const Cluster& cluster, const Node& node, NodeMemory& memory) {
  const auto place = log_place(cluster.wanted.log_uri);
  const std::string id = cluster::node_id(cluster, node.number);
  const auto open = [&](const std::filesystem::path& file) {
    auto opened = world_.nodes.open_file(id, file);
    return opened.ok() ? std::move(*opened) : base::Fd();
  };
  const int count = static_cast<int>(cluster.wanted.bootstrap_actions.size());
  for (int number = 1; place && number <= count; ++number) {
    const std::filesystem::path folder = bootstrap_log_folder(number);
    if (!open(folder / "stdout").valid()) break;  // it has not begun
    const base::Fd controller = TRY(world_.nodes.open_log(id, folder / "controller"));
    const auto& action = cluster.wanted.bootstrap_actions[static_cast<size_t>(number) - 1];
    TRY(append_once(
        controller.get(),
        fmt::format("INFO startExec '{} {}'\n", action.path, fmt::join(action.args, " ")),
        "INFO startExec"));
    for (const char* file : kBootstrapFiles) {
      TRY(ship_file(world_.objects, place->bucket,
                    place->key(bootstrap_key(cluster, node.instance_id, number, file)),
                    open(folder / file)));
    }
  }
  memory.bootstrap_shipped = true;
  return base::ok();
}

Status Reconciler::ship_final(const Cluster& cluster, const Node& node, NodeMemory& memory) {
  const auto ship = [&]() -> Status {
    TRY(ship_bootstrap(cluster, node, memory));
    return world_.ship_node_logs ? world_.ship_node_logs(cluster, node, true) : base::ok();
  };
  const Status shipped = ship();
  if (!shipped.ok()) base::log_warn("control", "{}: {}", node.instance_id, shipped.error().message);
  memory.final_shipped = shipped.ok() || ++memory.final_tries >= kTries;
  return base::ok();
}

}  // namespace howdah::control
