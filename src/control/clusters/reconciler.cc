#include "control/clusters/reconciler.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::control {

using base::Result;
using base::Status;

namespace {

bool starts_something(const cluster::Action& action) {
  using Kind = cluster::Action::Kind;
  return action.kind == Kind::kInstallEngine || action.kind == Kind::kEnsureNode ||
         action.kind == Kind::kStartBootstrap || action.kind == Kind::kStartStep;
}

bool runs_steps(const cluster::Cluster& cluster) {
  return std::any_of(cluster.steps.begin(), cluster.steps.end(), [](const cluster::Step& step) {
    return step.state == cluster::StepState::kRunning ||
           step.state == cluster::StepState::kCancelPending;
  });
}

}  // namespace

Reconciler::Memory& Reconciler::memory_of(const cluster::Key& key) {
  std::lock_guard lock(mutex_);
  return memories_[key];  // a map's elements stay where they are
}

void Reconciler::forget(const cluster::Key& key) {
  std::lock_guard lock(mutex_);
  memories_.erase(key);
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
  std::optional<base::Error> failure;
  for (const cluster::Action& action : plan.actions) {
    if (draining_ && starts_something(action)) continue;
    if (Status done = act(plan.next, seen, action, memory); !done.ok()) {
      base::log_warn("control", "{}: {}", key.id, done.error().message);
      failure = std::move(done).error();
    }
  }
  if (failure) return *failure;
  // What was done shows in the next look; an unchanged plan with actions would otherwise spin.
  if (!plan.actions.empty())
    return std::optional(std::min(plan.look_again.value_or(base::Millis(50)), base::Millis(50)));
  return plan.look_again;
}

Status Reconciler::drain() {
  constexpr int kRounds = 50;  // uploads are tried a few times; then a step ends without them
  draining_ = true;
  for (const nodes::NodeSeen& node : TRY(world_.nodes.list())) TRY(world_.nodes.stop(node.id));
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
  std::set<std::string> wanted;
  for (const cluster::Key& key : TRY(world_.store.unfinished())) {
    const auto loaded = TRY(world_.store.load(key));
    if (loaded.cluster.status.node_wanted) wanted.insert(cluster::node_id(loaded.cluster));
  }
  for (const nodes::NodeSeen& node : TRY(world_.nodes.list())) {
    if (wanted.contains(node.id)) continue;
    base::log_info("control", "removing node {}: no cluster wants it", node.id);
    TRY(world_.nodes.remove(node.id));
  }
  return base::ok();
}

}  // namespace howdah::control
