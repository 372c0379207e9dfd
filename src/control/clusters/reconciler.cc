#include "control/clusters/reconciler.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::control {

using base::Result;
using base::Status;

namespace {

bool starts_something(const cluster::Action& action) {
  using Kind = cluster::Action::Kind;
  switch (action.kind) {
    case Kind::kSignalStep:
    case Kind::kEndApplications:
    case Kind::kShipStepLogs:
    case Kind::kShipBootstrapLogs:
    case Kind::kShipFinalLogs:
    case Kind::kEndWarm:
    case Kind::kRemoveNode:
    case Kind::kRemoveNetwork:
      return false;
    default:
      return true;
  }
}

bool runs_steps(const cluster::Cluster& cluster) {
  return std::any_of(cluster.steps.begin(), cluster.steps.end(), [](const cluster::Step& step) {
    return step.state == cluster::StepState::kRunning ||
           step.state == cluster::StepState::kCancelPending;
  });
}

// Others have nodes here too: each kind of control looks after its own.
bool is_of_cluster(std::string_view id) { return id.starts_with("j-"); }

}  // namespace

Reconciler::Memory& Reconciler::memory_of(const cluster::Key& key) {
  std::lock_guard lock(mutex_);
  return memories_[key];  // a map's elements stay where they are
}

void Reconciler::forget(const cluster::Key& key) {
  std::lock_guard lock(mutex_);
  memories_.erase(key);
  probes_.forget(key);
}

int Reconciler::running_steps() {
  std::lock_guard lock(mutex_);
  int out = 0;
  for (const auto& [key, memory] : memories_) out += memory.running;
  return out;
}

Result<std::optional<base::Millis>> Reconciler::reconcile(const cluster::Key& key) {
  const auto loaded = TRY(world_.store.load(key));
  if (cluster::is_terminal(loaded.cluster.status.state)) {
    for (const cluster::Key& waiting : world_.capacity.release(key)) wake(waiting);
    forget(key);
    return std::optional<base::Millis>();
  }
  Memory& memory = memory_of(key);
  const cluster::Seen seen = TRY(look(loaded.cluster, memory));
  const base::Time now = world_.clock.now();
  const cluster::Plan plan = cluster::plan(loaded.cluster, seen, now);

  TRY(world_.store.commit(loaded, plan.next, plan.events));
  for (const cluster::Event& event : plan.events) {
    base::log_info("control", "{} {} {} {}", key.id, event.subject, event.state, event.message);
  }
  {
    std::lock_guard lock(mutex_);
    memory.running = static_cast<int>(
        std::count_if(plan.next.steps.begin(), plan.next.steps.end(), [](const auto& s) {
          return s.state == cluster::StepState::kRunning ||
                 s.state == cluster::StepState::kCancelPending;
        }));
  }
  std::vector<cluster::Action> actions = plan.actions;
  if (draining_) std::erase_if(actions, starts_something);
  const std::optional<base::Error> failure = act_all(plan.next, seen, actions, memory);
  if (failure) return *failure;
  // What was done shows in the next look; an unchanged plan with actions would otherwise spin.
  if (!plan.actions.empty())
    return std::optional(std::min(plan.look_again.value_or(base::Millis(50)), base::Millis(50)));
  return plan.look_again;
}

Status Reconciler::drain() {
  constexpr int kRounds = 50;  // uploads are tried a few times; then a step ends without them
  draining_ = true;
  for (const nodes::NodeSeen& node : TRY(world_.nodes.list())) {
    if (is_of_cluster(node.id)) TRY(world_.nodes.stop(node.id));
  }
  for (const std::string& network : TRY(world_.nodes.networks()))
    TRY(world_.nodes.stop_network(network));
  for (const cluster::Key& key : TRY(world_.store.unfinished())) {
    for (int round = 0; round < kRounds; ++round) {
      const auto loaded = world_.store.load(key);
      if (!loaded.ok() || !runs_steps(loaded->cluster)) break;
      if (const auto done = reconcile(key); !done.ok()) {
        base::log_warn("control", "{}: {}", key.id, done.error().message);
      }
    }
  }
  return base::ok();
}

Status Reconciler::remove_unwanted() {
  std::set<std::string> wanted, networks;
  for (const cluster::Key& key : TRY(world_.store.unfinished())) {
    const auto loaded = TRY(world_.store.load(key));
    networks.insert(key.id);
    for (const cluster::Node& node : loaded.cluster.status.nodes) {
      if (!cluster::is_over(node)) wanted.insert(cluster::node_id(loaded.cluster, node.number));
    }
    // A row from when clusters had one node, which plan() will give it.
    if (loaded.cluster.status.nodes.empty() && loaded.cluster.status.admitted)
      wanted.insert(cluster::node_id(loaded.cluster, 0));
  }
  for (const nodes::NodeSeen& node : TRY(world_.nodes.list())) {
    if (wanted.contains(node.id) || !is_of_cluster(node.id)) continue;
    base::log_info("control", "removing node {}: no cluster wants it", node.id);
    TRY(world_.nodes.remove(node.id));
  }
  const std::vector<std::string> there = TRY(world_.nodes.networks());
  for (const std::string& network : there) {
    if (networks.contains(network) || !is_of_cluster(network)) continue;
    base::log_info("control", "removing network {}: no cluster wants it", network);
    TRY(world_.nodes.remove_network(network));
  }
  return base::ok();
}

Status Reconciler::expire() {
  for (const auto& [key, instances] : TRY(world_.store.expire(world_.clock.now()))) {
    for (int number = 0; number < std::max(1, instances); ++number) {
      const Status forgotten = world_.nodes.forget(cluster::node_id({key, {}, {}, {}}, number));
      if (!forgotten.ok()) base::log_warn("control", "{}: {}", key.id, forgotten.error().message);
    }
  }
  return base::ok();
}

}  // namespace howdah::control
