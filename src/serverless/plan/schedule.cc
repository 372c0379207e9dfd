// Runs that wait: the queue, the application's maximum capacity, the host's memory; then a node and
// the process. Source: User Guide, "Job concurrency and queuing", "Configuring maximum capacity".

#include <fmt/format.h>

#include <algorithm>

#include "serverless/plan/phase.h"

namespace howdah::serverless::phase {
namespace {

bool exceeds(const Resources& all, const Resources& limit) {
  return all.vcpu > limit.vcpu || all.memory_gb > limit.memory_gb ||
         (limit.disk_gb > 0 && all.disk_gb > limit.disk_gb);
}

std::string text_of(const Resources& r) {
  std::string out = fmt::format("cpu: {:g} vCPU, memory: {:g} GB", r.vcpu, r.memory_gb);
  if (r.disk_gb > 0) out += fmt::format(", disk: {:g} GB", r.disk_gb);
  return out;
}

void end_before_start(const Round& round, JobRun& run, RunState to, std::string why) {
  advance(run, to, std::move(why), round.now, round.plan.events);
}

int taken_on(const Application& application) {
  return static_cast<int>(
      std::count_if(application.runs.begin(), application.runs.end(), [](const JobRun& run) {
        return is_active(run.status.state) || run.status.state == RunState::kPending;
      }));
}

// False: it stays in the queue, or has ended there.
bool through_the_queue(const Round& round, JobRun& run) {
  const auto& scheduler = round.next().wanted.scheduler;
  if (run.status.state == RunState::kPending) return true;
  if (!scheduler || taken_on(round.next()) < scheduler->max_concurrent_runs) {
    advance(run, RunState::kPending, "", round.now, round.plan.events);
    return true;
  }
  if (run.status.state == RunState::kSubmitted) {
    advance(run, RunState::kQueued, "", round.now, round.plan.events);
    round.again_in(std::chrono::minutes(scheduler->queue_timeout_minutes));
    return false;
  }
  const base::Millis limit = std::chrono::minutes(scheduler->queue_timeout_minutes);
  const base::Millis waited = round.of(run).in_state_for;
  if (waited >= limit) {
    end_before_start(
        round, run, RunState::kFailed,
        fmt::format("The job run waited in the queue for longer than the queue timeout "
                    "of {} minutes.",
                    scheduler->queue_timeout_minutes));
  } else {
    round.again_in(limit - waited);
  }
  return false;
}

// True: its workers may be held now.
bool has_room(const Round& round, JobRun& run) {
  const SeenRun& seen = round.of(run);
  const auto& maximum = round.next().wanted.maximum;
  if (maximum) {
    Resources all = held(round.next());
    all.vcpu += seen.workers.vcpu;
    all.memory_gb += seen.workers.memory_gb;
    all.disk_gb += seen.workers.disk_gb;
    if (exceeds(all, *maximum)) {
      run.status.details = fmt::format(
          "Waiting for capacity: other job runs hold workers of [{}], and the maximum capacity of "
          "the "
          "application is [{}]",
          text_of(held(round.next())), text_of(*maximum));
      return false;
    }
  }
  if (!round.seen.memory) {
    run.status.details = round.seen.memory_reason;
    round.again_in(base::Millis(1000));
    return false;
  }
  return true;
}

void place(const Round& round, JobRun& run) {
  const SeenRun& seen = round.of(run);
  RunStatus& status = run.status;
  const int attempt = status.attempts.empty() ? 1 : status.attempts.back().number;
  const auto warm = round.seen.warm.find(run.id);
  status.warm = warm != round.seen.warm.end();
  status.node = status.warm ? warm->second : node_of(round.next().key, run, attempt);
  status.way = seen.way;
  status.workers = seen.workers;
  status.worker_count = seen.worker_count;
  if (is_standalone(seen.way)) {  // executors come and go: see executors.cc
    status.workers = seen.driver;
    status.worker_count = 1;
    status.executor = seen.executor;
  }
  status.executors.clear();
  status.executors_made = 0;
  status.executor_ended.reset();
  status.early_ends = 0;
  status.signalled.reset();
  advance(run, RunState::kScheduled, "", round.now, round.plan.events);
}

void wait_for_turn(const Round& round, JobRun& run) {
  const SeenRun& seen = round.of(run);
  if (run.wanted.cancel) {
    end_before_start(round, run, RunState::kCancelled, "");
    return;
  }
  if (!seen.refused.empty()) {
    end_before_start(round, run, RunState::kFailed, seen.refused);
    return;
  }
  const auto& maximum = round.next().wanted.maximum;
  if (maximum && exceeds(seen.workers, *maximum)) {
    end_before_start(round, run, RunState::kFailed,
                     fmt::format("ApplicationMaxCapacityExceededException: Worker could not be "
                                 "allocated as the application has exceeded maximumCapacity "
                                 "settings: [{}]; the job run asks for [{}]",
                                 text_of(*maximum), text_of(seen.workers)));
    return;
  }
  if (!through_the_queue(round, run)) return;
  if (round.next().status.state != ApplicationState::kStarted) return;
  if (has_room(round, run)) place(round, run);
}

// False: its driver has to wait for a standalone master.
bool has_master(const Round& round, JobRun& run) {
  if (run.status.way != kStandalone) return true;
  const SeenRun& seen = round.of(run);
  if (seen.master.empty()) {
    round.act(Action::Kind::kStartMaster, run);
    round.again_in(base::Millis(50));
    return false;
  }
  run.status.way = seen.master;
  return true;
}

}  // namespace

void schedule(const Round& round) {
  bool room = true;  // one that has to wait for the host lets nobody overtake it
  for (JobRun& run : round.next().runs) {
    if (!is_waiting(run.status.state)) continue;
    if (room || run.wanted.cancel) wait_for_turn(round, run);
    if (run.status.state == RunState::kPending && !round.seen.memory) room = false;
  }
  for (JobRun& run : round.next().runs) {
    if (run.status.state != RunState::kScheduled) continue;
    if (!round.is_current(run)) {
      round.again_in(base::Millis(20));
      continue;
    }
    const SeenRun& seen = round.of(run);
    if (seen.process.state != job::Process::State::kUnknown) continue;  // settle() takes it on
    if (!seen.node_alive && !run.status.warm) round.act(Action::Kind::kEnsureNode, run);
    if (!has_master(round, run)) continue;
    round.act(Action::Kind::kStartRun, run);
    round.again_in(base::Millis(20));
  }
}

}  // namespace howdah::serverless::phase
