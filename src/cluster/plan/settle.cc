// Steps that were started: those whose process ended move on, once their logs are where they
// belong.

#include <fmt/format.h>

#include "cluster/plan/phase.h"
#include "job/failure.h"

namespace howdah::cluster::phase {
namespace {

void note_end(Plan& plan, const Step& step) {
  plan.next.status.last_step = step.state;
  if (step.state == StepState::kFailed) plan.next.status.any_step_failed = true;
}

std::string how_it_failed(const Process& process) {
  if (process.state == Process::State::kLost) return process.lost_reason;
  if (process.out_of_memory) return "The step's process was killed because it ran out of memory.";
  if (process.signal != 0)
    return fmt::format("The step's process was ended by signal {}.", process.signal);
  // It could not even be run, and had nowhere to say so.
  const std::string why = process.lost_reason.empty() ? "" : ": " + process.lost_reason;
  return fmt::format("The step ended with exit code {}{}.", process.exit_code, why);
}

void fail(Plan& plan, Step& step, const Seen::StepEnd& end, const Process& process,
          base::Time now) {
  if (!end.start_error.empty()) {
    step.failure_reason = "The step could not be started.";
    step.failure_message = end.start_error;
  } else {
    step.failure_reason = job::reason_of(end.exception, process.out_of_memory);
    step.failure_message = end.exception.empty() ? how_it_failed(process) : end.exception;
    if (process.state == Process::State::kLost) {
      step.failure_reason = "The step was lost.";
      step.failure_message = process.lost_reason;
    }
  }
  if (!end.disk.empty()) {
    if (step.failure_reason == job::kUnknownReason) step.failure_reason = job::kFullDiskReason;
    step.failure_message += (step.failure_message.ends_with('.') ? " " : ". ") + end.disk;
  }
  step.failure_log = end.log_file;
  advance(step, StepState::kFailed, "", now, plan.events);
}

void finish(Plan& plan, Step& step, const Seen::StepEnd& end, const Process& process,
            base::Time now) {
  const bool clean = process.state == Process::State::kExited && process.exit_code == 0 &&
                     process.signal == 0 && end.start_error.empty();
  std::string note;
  if (!end.logs_shipped && !(step.log_uri.empty() && plan.next.wanted.log_uri.empty())) {
    note = fmt::format("Its logs could not be uploaded{}{}; they are kept on the node.",
                       end.logs_error.empty() ? "" : ": ", end.logs_error);
  }
  if (step.state == StepState::kCancelPending && (step.signalled || !clean)) {
    advance(step, StepState::kCancelled, step.reason, now, plan.events);
  } else if (clean) {
    advance(step, StepState::kCompleted, note, now, plan.events);
  } else {
    fail(plan, step, end, process, now);
    step.reason = note;
  }
  note_end(plan, step);
}

// The interrupt first, the kill when it was of no use.
void cancel_running(const Round& round, Step& step) {
  Plan& plan = round.plan;
  const base::Time now = round.now;
  const bool kill = step.cancel == Cancel::kKill;
  if (!step.signalled) {
    step.signalled = true;
    step.cancel_at = now;
    plan.actions.push_back({Action::Kind::kSignalStep, step.id, 0, kill});
  } else if (kill || now - step.cancel_at.value_or(now) >= kCancelGrace) {
    plan.actions.push_back({Action::Kind::kSignalStep, step.id, 0, true});
  }
  round.again_in(base::Millis(1000));
}

// A step that ran in a warm driver ends as its launcher; the memory was the driver's.
bool warm_driver_was_killed(const Round& round, const SeenNode& primary, const Process& process) {
  constexpr int kKilled = 137;
  const auto warm = primary.processes.find(process_of_warm(round.status().warm.number));
  return process.exit_code == kKilled && warm != primary.processes.end() &&
         warm->second.out_of_memory;
}

void settle(const Round& round, Step& step) {
  Plan& plan = round.plan;
  const Seen& seen = round.seen;
  const base::Time now = round.now;
  const SeenNode& primary = primary_seen(round);
  const auto found = primary.processes.find(process_of_step(step));
  Process process = found == primary.processes.end() ? Process{} : found->second;
  process.out_of_memory = process.out_of_memory || warm_driver_was_killed(round, primary, process);
  const auto ended = seen.step_ends.find(step.id);
  const Seen::StepEnd end = ended == seen.step_ends.end() ? Seen::StepEnd{} : ended->second;

  if (process.state == Process::State::kRunning) {
    if (step.state == StepState::kCancelPending) cancel_running(round, step);
    return;
  }
  if (process.state == Process::State::kUnknown && end.start_error.empty()) {
    if (step.state == StepState::kCancelPending) {  // it never began
      advance(step, StepState::kCancelled, step.reason, now, plan.events);
      note_end(plan, step);
    } else {
      plan.actions.push_back({Action::Kind::kStartStep, step.id});
    }
    return;
  }
  // The controller log's last lines are written with the upload, also where there is none to make.
  const bool in_time = process.ended && now - *process.ended < kLogGrace && now >= *process.ended;
  const bool undated = process.state == Process::State::kLost || !end.start_error.empty();
  if (!end.logs_shipped && end.logs_error.empty() && (in_time || undated)) {
    plan.actions.push_back({Action::Kind::kShipStepLogs, step.id});
    round.again_in(base::Millis(200));
    return;
  }
  // What it submitted to YARN does not end with its client.
  if (step.state == StepState::kCancelPending && !end.applications_ended && in_time &&
      plan.next.status.state != State::kTerminating) {
    plan.actions.push_back({Action::Kind::kEndApplications, step.id});
    round.again_in(base::Millis(500));
    return;
  }
  finish(plan, step, end, process, now);
}

}  // namespace

void settle_steps(const Round& round) {
  for (Step& step : round.next().steps) {
    if (step.state == StepState::kRunning || step.state == StepState::kCancelPending)
      settle(round, step);
  }
}

}  // namespace howdah::cluster::phase
