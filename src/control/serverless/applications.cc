#include "control/serverless/applications.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::control {

using base::Result;
using base::Status;
using serverless::Action;
using serverless::Application;
using serverless::JobRun;

namespace {

bool starts_something(const Action& action) {
  switch (action.kind) {
    case Action::Kind::kInstallEngine:
    case Action::Kind::kEnsureNode:
    case Action::Kind::kStartMaster:
    case Action::Kind::kStartWorker:
    case Action::Kind::kStartRun:
      return true;
    default:
      return false;
  }
}

bool is_running(const JobRun& run) {
  return run.status.state == serverless::RunState::kRunning ||
         run.status.state == serverless::RunState::kCancelling;
}

// Others have nodes here too: each kind of control looks after its own.
bool is_of_application(std::string_view node) { return node.starts_with("00"); }

}  // namespace

Applications::Memory& Applications::memory_of(const job::Key& key) {
  std::lock_guard lock(mutex_);
  return memories_[key];  // a map's elements stay where they are
}

void Applications::forget(const job::Key& key) {
  std::lock_guard lock(mutex_);
  memories_.erase(key);
  running_.erase(key);
}

int Applications::running_runs() {
  std::lock_guard lock(mutex_);
  int out = 0;
  for (const auto& [key, runs] : running_) out += runs;
  return out;
}

std::vector<job::Key> Applications::with_nodes() {
  std::lock_guard lock(mutex_);
  std::vector<job::Key> out;
  for (const auto& [key, runs] : running_) {
    if (runs > 0) out.push_back(key);
  }
  return out;
}

Result<std::optional<base::Millis>> Applications::reconcile(const job::Key& key) {
  const auto loaded = TRY(world_.store.load(key));
  if (loaded.application.status.state == serverless::ApplicationState::kTerminated) {
    forget(key);
    return std::optional<base::Millis>();
  }
  Memory& memory = memory_of(key);
  const serverless::Seen seen = TRY(look(loaded.application, memory));
  const serverless::Plan plan = serverless::plan(loaded.application, seen, world_.clock.now());
  TRY(world_.store.commit(loaded, plan.next, plan.events));
  for (const serverless::Event& event : plan.events)
    base::log_info("control", "{} {} {} {}", key.id, event.subject, event.state, event.message);

  int running = 0;
  for (const JobRun& run : plan.next.runs) {
    if (!run.status.node.empty()) memory.nodes.insert(run.status.node);
    if (run.status.warm) world_.warm.hand_over(run.status.node);
    if (serverless::is_terminal(run.status.state)) {
      world_.warm.release(run.id);
      learn(run, memory);
      memory.runs.erase(run.id);
    } else if (!run.status.node.empty()) {
      ++running;
    }
  }
  {
    std::lock_guard lock(mutex_);
    running_[key] = running;
  }
  std::optional<base::Error> failure;
  for (const Action& action : plan.actions) {
    if (draining_ && starts_something(action)) continue;
    const Status done = act(plan.next, action, memory);
    if (done.ok()) continue;
    base::log_warn("control", "{}: {}", key.id, done.error().message);
    failure = done.error();
  }
  if (failure) return *failure;
  return plan.look_again;
}

// A long run gains more from C2's code than it loses by a later start; who was long is so again.
void Applications::learn(const JobRun& ended, Memory& memory) {
  constexpr base::Millis kLong{120'000};
  const serverless::RunStatus& status = ended.status;
  if (!ended.wanted.spark || status.state != serverless::RunState::kSuccess || !status.started)
    return;
  if (status.ended.value_or(*status.started) - *status.started >= kLong) {
    memory.long_ones.insert(ended.wanted.spark->entry_point);
  } else {
    memory.long_ones.erase(ended.wanted.spark->entry_point);
  }
}

Status Applications::drain() {
  constexpr int kRounds = 50;
  draining_ = true;
  for (const nodes::NodeSeen& node : TRY(world_.nodes.list())) {
    if (!node.id.starts_with("j-")) TRY(world_.nodes.stop(node.id));
  }
  for (const job::Key& key : TRY(world_.store.unfinished())) {
    for (int round = 0; round < kRounds; ++round) {
      const auto loaded = world_.store.load(key);
      if (!loaded.ok() || std::none_of(loaded->application.runs.begin(),
                                       loaded->application.runs.end(), is_running))
        break;
      if (const auto done = reconcile(key); !done.ok())
        base::log_warn("control", "{}: {}", key.id, done.error().message);
    }
  }
  return base::ok();
}

Status Applications::remove_unwanted() {
  std::set<std::string> wanted;
  for (const job::Key& key : TRY(world_.store.unfinished())) {
    const auto loaded = TRY(world_.store.load(key));
    for (const JobRun& run : loaded.application.runs) {
      if (!run.status.node.empty()) wanted.insert(run.status.node);
    }
  }
  for (const nodes::NodeSeen& node : TRY(world_.nodes.list())) {
    const bool ours = is_of_application(node.id) || node.id.starts_with("warm/");
    if (!ours || wanted.contains(node.id)) continue;
    base::log_info("control", "removing node {}: no job run wants it", node.id);
    TRY(world_.nodes.remove(node.id));
    TRY(world_.nodes.forget(node.id));
  }
  return base::ok();
}

void Applications::ship_running(const job::Key& key) {
  const auto loaded = world_.store.load(key);
  if (!loaded.ok()) return;
  for (const JobRun& run : loaded->application.runs) {
    if (!is_running(run) || run.status.node.empty()) continue;
    const Status shipped =
        world_.logs.ship(loaded->application, run, place_of(loaded->application, run), false);
    if (!shipped.ok())
      base::log_warn("control", "{} {}: {}", key.id, run.id, shipped.error().message);
  }
}

Status Applications::expire() {
  for (const auto& [key, run] : TRY(world_.store.expire(world_.clock.now())))
    TRY(world_.logs.forget(key, run));
  return base::ok();
}

}  // namespace howdah::control
