// Runs that were started: their process runs, ended, or is to end; the next attempt; what they
// used. Source: User Guide, "Job resiliency" (attempts), "Monitoring job runs" (states,
// cancellation), pricing page (what is billed).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "serverless/plan/phase.h"

namespace howdah::serverless::phase {
namespace {

using ProcessState = job::Process::State;

Attempt& attempt_of(JobRun& run) { return run.status.attempts.back(); }

bool is_over(const job::Process& process) {
  return process.state == ProcessState::kExited || process.state == ProcessState::kLost;
}

bool is_clean(const job::Process& process) {
  return process.state == ProcessState::kExited && process.exit_code == 0 && process.signal == 0;
}

void leave_node(JobRun& run) {
  run.status.node.clear();
  run.status.warm = false;
  run.status.executors.clear();
}

void end(const Round& round, JobRun& run, RunState to, std::string details) {
  count_use(run, round.now);
  advance(run, to, std::move(details), round.now, round.plan.events);
  leave_node(run);
}

// Its standalone cluster is of no use any more: why. The driver would wait for executors for ever.
std::string without_cluster(const JobRun& run, const SeenRun& seen) {
  if (!is_standalone(run.status.way)) return "";
  if (!seen.master_ended.empty()) return "The Spark master of the job run " + seen.master_ended;
  if (run.status.early_ends < kMostEarlyEnds) return "";
  return fmt::format(
      "{} workers in a row ended within a minute of their start: the executors of the job run have "
      "no place. Their logs: daemons/worker-… beside the driver's in the node {}.",
      run.status.early_ends, run.status.node);
}

std::string how_it_failed(const JobRun& run, const SeenRun& seen) {
  const job::Process& process = seen.process;
  if (!seen.start_error.empty()) return seen.start_error;
  if (!seen.node_error.empty()) return seen.node_error;
  if (process.state == ProcessState::kLost) return "The job run was lost: " + process.lost_reason;
  if (std::string why = without_cluster(run, seen); !why.empty()) return why;
  const int code = process.signal != 0 ? 128 + process.signal : process.exit_code;
  std::string out = fmt::format(
      "Job failed, please check complete logs in configured logging destination. ExitCode: {}.",
      code);
  if (process.out_of_memory) out += " A worker was killed because it ran out of memory.";
  if (!process.lost_reason.empty()) out += " It could not be run: " + process.lost_reason + ".";
  if (!seen.last_exceptions.empty()) out += " Last few exceptions: " + seen.last_exceptions;
  return out;
}

std::string note_of(const SeenRun& seen) {
  if (seen.logs_shipped) return "";
  return fmt::format("Its logs could not be uploaded{}{}.", seen.logs_error.empty() ? "" : ": ",
                     seen.logs_error);
}

bool may_try_again(const JobRun& run, base::Time now) {
  if (run.wanted.cancel) return false;
  if (run.wanted.mode != "STREAMING")
    return static_cast<int>(run.status.attempts.size()) < run.wanted.max_attempts;
  if (run.wanted.max_failures_per_hour == 0)
    return static_cast<int>(run.status.attempts.size()) < run.wanted.max_attempts;
  const auto lately = std::count_if(
      run.status.attempts.begin(), run.status.attempts.end(), [&](const Attempt& attempt) {
        return attempt.ended && now - *attempt.ended < std::chrono::hours(1);
      });
  return lately + 1 < run.wanted.max_failures_per_hour;
}

void fail(const Round& round, JobRun& run, const SeenRun& seen) {
  std::string why = how_it_failed(run, seen);
  if (!seen.logs_error.empty()) why += " " + note_of(seen);
  if (!may_try_again(run, round.now)) {
    end(round, run, RunState::kFailed, std::move(why));
    return;
  }
  count_use(run, round.now);
  advance(run, RunState::kPending, std::move(why), round.now, round.plan.events);
  leave_node(run);
}

// The last upload precedes the end, for a while.
bool logs_are_up(const Round& round, JobRun& run, const SeenRun& seen) {
  if (seen.logs_shipped || !seen.logs_error.empty()) return true;
  const base::Millis since = seen.process.ended ? round.now - *seen.process.ended : kLogGrace;
  if (since >= kLogGrace && seen.in_state_for >= kLogGrace) return true;
  round.act(Action::Kind::kShipLogs, run);
  round.again_in(base::Millis(100));
  return false;
}

void finish(const Round& round, JobRun& run, const SeenRun& seen) {
  if (!logs_are_up(round, run, seen)) return;
  if (run.status.state == RunState::kCancelling) {
    const bool clean = is_clean(seen.process) && !run.status.signalled;
    end(round, run, clean ? RunState::kSuccess : RunState::kCancelled,
        clean ? note_of(seen) : run.status.details);
  } else if (is_clean(seen.process)) {
    end(round, run, RunState::kSuccess, note_of(seen));
  } else {
    fail(round, run, seen);
  }
}

// The signal first, the kill when it was of no use.
void make_end(const Round& round, JobRun& run, const SeenRun& seen) {
  const base::Millis grace =
      run.wanted.grace_seconds > 0 ? base::Millis(run.wanted.grace_seconds * 1000) : kCancelGrace;
  if (!run.status.signalled) {
    run.status.signalled = round.now;
    round.act(Action::Kind::kSignalRun, run);
    round.again_in(base::Millis(200));
  } else if (seen.signalled_for >= grace) {
    round.act(Action::Kind::kSignalRun, run, true);
    round.again_in(base::Millis(500));
  } else {
    // The first signal may have come before the process could take it.
    if (seen.signalled_for < base::Millis(1000)) round.act(Action::Kind::kSignalRun, run);
    round.again_in(base::Millis(200));
  }
}

// By what has been seen; a minute's jump of the clock ends nobody.
bool is_out_of_time(const Round& round, const JobRun& run, const SeenRun& seen) {
  if (run.wanted.timeout_minutes <= 0 || !run.status.started) return false;
  const base::Millis limit = std::chrono::minutes(run.wanted.timeout_minutes);
  const base::Millis left = limit - seen.process.running_for;
  if (left > base::Millis(0)) {
    round.again_in(left);
    return false;
  }
  return true;
}

void settle_scheduled(const Round& round, JobRun& run, const SeenRun& seen) {
  if (seen.process.state == ProcessState::kRunning || is_over(seen.process)) {
    advance(run, RunState::kRunning, "", round.now, round.plan.events);
    return;
  }
  if (!seen.node_error.empty() || !seen.start_error.empty() ||
      !without_cluster(run, seen).empty()) {
    fail(round, run, seen);
  } else if (run.status.warm && !seen.node_alive) {
    // What was ready has gone, and nothing was started in it: a node of its own instead.
    run.status.warm = false;
    run.status.node = node_of(round.next().key, run, attempt_of(run).number);
  }
}

void settle_run(const Round& round, JobRun& run) {
  const SeenRun& seen = round.of(run);
  if (run.status.state == RunState::kScheduled) settle_scheduled(round, run, seen);
  if (run.status.state == RunState::kScheduled && run.wanted.cancel)
    advance(run, RunState::kCancelling, "", round.now, round.plan.events);
  if (run.status.state == RunState::kRunning && !is_over(seen.process)) {
    if (run.wanted.cancel) {
      advance(run, RunState::kCancelling, "", round.now, round.plan.events);
    } else if (!without_cluster(run, seen).empty()) {
      round.act(Action::Kind::kSignalRun, run, true);
      round.again_in(base::Millis(500));
    } else if (is_out_of_time(round, run, seen)) {
      run.status.cancelling_for_timeout = true;
      advance(run, RunState::kCancelling,
              fmt::format("The job run was cancelled because it ran for longer than its execution "
                          "timeout of {} minutes.",
                          run.wanted.timeout_minutes),
              round.now, round.plan.events);
    }
  }
  if (!is_active(run.status.state) || run.status.state == RunState::kScheduled) return;
  if (is_over(seen.process)) {
    finish(round, run, seen);
  } else if (run.status.state == RunState::kCancelling) {
    if (seen.process.state == ProcessState::kUnknown) {
      // Nothing was started, and nothing will be.
      end(round, run, RunState::kCancelled, run.status.details);
    } else {
      make_end(round, run, seen);
    }
  } else if (seen.process.state == ProcessState::kUnknown) {
    // It was seen running, and nothing knows of it any more: its node is gone.
    SeenRun lost = seen;
    lost.process.state = ProcessState::kLost;
    lost.process.lost_reason = "its node went away";
    fail(round, run, lost);
  }
}

}  // namespace

void settle(const Round& round) {
  for (JobRun& run : round.next().runs) {
    if (is_active(run.status.state)) settle_run(round, run);
  }
}

}  // namespace howdah::serverless::phase
