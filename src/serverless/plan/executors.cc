// The workers of standalone runs: each holds one executor. As many as the driver asks for by
// Spark's own allocation of executors, within the application's maximum capacity and what this host
// can hold; one that is no longer asked for goes when no executor runs on it. And what workers of
// all runs used. Source: Spark 3.5, "Dynamic Resource Allocation"; User Guide, "Configuring maximum
// capacity"; pricing page (to the second, a minute at least, disk beyond 20 GB a worker).

#include <algorithm>
#include <cmath>

#include "serverless/plan/phase.h"

namespace howdah::serverless::phase {
namespace {

using ProcessState = job::Process::State;

constexpr double kHour = 3600;
constexpr double kFreeDiskGb = 20;

bool is_over(ProcessState state) {
  return state == ProcessState::kExited || state == ProcessState::kLost;
}

ProcessState state_of(const SeenRun& seen, int number) {
  const auto it = seen.workers_seen.find(number);
  return it == seen.workers_seen.end() ? ProcessState::kUnknown : it->second;
}

void take(RunStatus& status, int64_t count) {
  const auto n = static_cast<double>(count);
  status.workers.vcpu += n * status.executor.vcpu;
  status.workers.memory_gb += n * status.executor.memory_gb;
  status.workers.disk_gb += n * status.executor.disk_gb;
  status.worker_count += count;
}

void give_back(const Round& round, RunStatus& status, const ExecutorWorker& worker) {
  count_workers(status, status.executor, 1, worker.since, round.now);
  take(status, -1);
}

// One more would be within the application's maximum.
bool has_room(const Round& round, const RunStatus& status) {
  const auto& maximum = round.next().wanted.maximum;
  if (!maximum) return true;
  const Resources now = held(round.next());
  return now.vcpu + status.executor.vcpu <= maximum->vcpu &&
         now.memory_gb + status.executor.memory_gb <= maximum->memory_gb &&
         (maximum->disk_gb <= 0 || now.disk_gb + status.executor.disk_gb <= maximum->disk_gb);
}

bool may_grow(const Round& round, const RunStatus& status) {
  if (status.state == RunState::kCancelling || !has_room(round, status)) return false;
  if (!round.seen.memory && !status.executors.empty()) return false;
  if (!status.executor_ended) return true;
  const base::Millis since = round.now - *status.executor_ended;
  // Before 0 the clock was set back.
  return since >= kWorkerPause * std::max(1, status.early_ends) || since < base::Millis(0);
}

void drop_ended(const Round& round, RunStatus& status, const SeenRun& seen) {
  std::erase_if(status.executors, [&](const ExecutorWorker& worker) {
    if (!is_over(state_of(seen, worker.number))) return false;
    give_back(round, status, worker);
    status.executor_ended = round.now;
    status.early_ends = round.now - worker.since < kEarly ? status.early_ends + 1 : 0;
    return true;
  });
}

void fit(const Round& round, RunStatus& status, const SeenRun& seen) {
  // One that has not begun yet is held, and not paid for.
  for (ExecutorWorker& worker : status.executors)
    if (state_of(seen, worker.number) == ProcessState::kUnknown) worker.since = round.now;
  const auto count = [&] { return static_cast<int64_t>(status.executors.size()); };
  const int64_t wanted = std::clamp<int64_t>(seen.executors_wanted, 0, seen.executors_most);
  while (count() < wanted && may_grow(round, status)) {
    status.executors.push_back({++status.executors_made, round.now});
    take(status, 1);
  }
  for (size_t i = status.executors.size(); i-- > 0 && count() > wanted;) {
    const ExecutorWorker worker = status.executors[i];
    if (!seen.idle.contains(worker.number)) continue;
    give_back(round, status, worker);
    status.executors.erase(status.executors.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void act_on_workers(const Round& round, const JobRun& run, const SeenRun& seen) {
  const auto act = [&](Action::Kind kind, int number) {
    round.plan.actions.push_back({kind, run.id, run.status.node, false, number});
  };
  const auto is_wanted = [&](int number) {
    return std::any_of(run.status.executors.begin(), run.status.executors.end(),
                       [&](const ExecutorWorker& worker) { return worker.number == number; });
  };
  for (const ExecutorWorker& worker : run.status.executors) {
    if (seen.master.empty() || state_of(seen, worker.number) != ProcessState::kUnknown) continue;
    act(Action::Kind::kStartWorker, worker.number);
    round.again_in(base::Millis(200));
  }
  for (const auto& [number, state] : seen.workers_seen) {
    if (state != ProcessState::kRunning || is_wanted(number)) continue;
    act(Action::Kind::kStopWorker, number);
    round.again_in(base::Millis(200));
  }
}

}  // namespace

void count_workers(RunStatus& status, const Resources& together, int64_t count, base::Time since,
                   base::Time now) {
  const double seconds = std::max(0.0, static_cast<double>((now - since).count()) / 1000);
  const double billed = std::max(60.0, std::ceil(seconds));
  status.total.vcpu_hours += together.vcpu * seconds / kHour;
  status.total.memory_gb_hours += together.memory_gb * seconds / kHour;
  status.total.storage_gb_hours += together.disk_gb * seconds / kHour;
  const double paid_disk =
      std::max(0.0, together.disk_gb - kFreeDiskGb * static_cast<double>(count));
  status.billed.vcpu_hours += together.vcpu * billed / kHour;
  status.billed.memory_gb_hours += together.memory_gb * billed / kHour;
  status.billed.storage_gb_hours += paid_disk * billed / kHour;
}

void count_use(JobRun& run, base::Time now) {
  RunStatus& status = run.status;
  if (status.attempts.empty() || !status.attempts.back().started) return;
  for (const ExecutorWorker& worker : status.executors) {
    count_workers(status, status.executor, 1, worker.since, now);
    take(status, -1);
  }
  status.executors.clear();
  count_workers(status, status.workers, status.worker_count, *status.attempts.back().started, now);
}

void size_executors(const Round& round) {
  for (JobRun& run : round.next().runs) {
    if (!is_active(run.status.state) || !is_standalone(run.status.way)) continue;
    if (!round.is_current(run)) continue;
    const SeenRun& seen = round.of(run);
    if (is_over(seen.process.state)) continue;  // its node goes, and they with it
    drop_ended(round, run.status, seen);
    fit(round, run.status, seen);
    if (!seen.node_alive) continue;
    act_on_workers(round, run, seen);
    if (run.status.state == RunState::kRunning) round.again_in(kAskDriver);
  }
}

}  // namespace howdah::serverless::phase
