// The application's own life: started by StartApplication or by a run that waits for it, stopped by
// StopApplication or after an idle time, deleted when nothing of it runs.
// Source: User Guide, "Interacting with and configuring an EMR Serverless application".

#include <fmt/format.h>

#include <algorithm>

#include "serverless/plan/phase.h"

namespace howdah::serverless::phase {
namespace {

using State = ApplicationState;

bool somebody_waits(const Application& application) {
  return std::any_of(application.runs.begin(), application.runs.end(), [](const JobRun& run) {
    return is_waiting(run.status.state) && !run.wanted.cancel;
  });
}

// It could not be started: whoever waited for it hears why.
void give_up(const Round& round, const std::string& why) {
  Application& next = round.next();
  advance(next, State::kStopped, why, round.now, round.plan.events);
  for (JobRun& run : next.runs) {
    if (is_waiting(run.status.state)) {
      advance(run, RunState::kFailed,
              fmt::format("Application {} failed to start: {}", next.key.id, why), round.now,
              round.plan.events);
    }
  }
}

void bring_up(const Round& round) {
  Application& next = round.next();
  const Seen::Engine& engine = round.seen.engine;
  switch (engine.state) {
    case Seen::Engine::State::kMissing:
      round.plan.actions.push_back({Action::Kind::kInstallEngine, {}, {}, false, 0});
      round.again_in(base::Millis(500));
      return;
    case Seen::Engine::State::kInstalling:
      next.status.details = engine.text;
      round.again_in(base::Millis(500));
      return;
    case Seen::Engine::State::kFailed:
      give_up(round, engine.text);
      return;
    case Seen::Engine::State::kInstalled:
      break;
  }
  if (round.seen.ready < round.seen.ready_wanted && round.seen.in_state_for < kWarmUp) {
    next.status.details = fmt::format("Preparing pre-initialized capacity: {} of {} workers",
                                      round.seen.ready, round.seen.ready_wanted);
    round.again_in(base::Millis(200));
    return;
  }
  advance(next, State::kStarted, "", round.now, round.plan.events);
}

}  // namespace

void start_application(const Round& round) {
  Application& next = round.next();
  ApplicationStatus& status = next.status;
  if (status.state == State::kCreating) {
    advance(next, State::kCreated, "", round.now, round.plan.events);
  }
  const bool at_rest = status.state == State::kCreated || status.state == State::kStopped;
  if (at_rest && next.wanted.deleted) {
    advance(next, State::kTerminated, "", round.now, round.plan.events);
    return;
  }
  const bool asked = next.wanted.starts > status.starts_seen;
  if (at_rest && (asked || (next.wanted.auto_start && somebody_waits(next)))) {
    status.starts_seen = next.wanted.starts;
    status.stops_seen = next.wanted.stops;
    advance(next, State::kStarting, "", round.now, round.plan.events);
    // What is ready of its capacity is looked at from now on.
    if (!next.wanted.initial_capacity.empty()) return round.again_in(base::Millis(10));
  }
  if (status.state == State::kStarting) bring_up(round);
}

void stop_application(const Round& round) {
  Application& next = round.next();
  ApplicationStatus& status = next.status;
  const bool quiet = std::none_of(next.runs.begin(), next.runs.end(),
                                  [](const JobRun& run) { return !is_terminal(run.status.state); });
  if (status.state == State::kStarted && quiet) {
    const base::Millis limit = std::chrono::minutes(next.wanted.idle_minutes);
    if (next.wanted.stops > status.stops_seen) {
      advance(next, State::kStopping, "", round.now, round.plan.events);
    } else if (next.wanted.auto_stop && round.seen.idle >= limit) {
      advance(next, State::kStopping,
              fmt::format("Stopped automatically after {} idle minutes", next.wanted.idle_minutes),
              round.now, round.plan.events);
    } else if (next.wanted.auto_stop) {
      round.again_in(std::max(base::Millis(100), limit - round.seen.idle));
    }
  }
  if (status.state == State::kStopping) {
    status.starts_seen = std::max(status.starts_seen, next.wanted.starts);
    status.stops_seen = next.wanted.stops;
    if (round.seen.ready > 0 || !round.seen.nodes.empty()) {
      round.again_in(base::Millis(200));
      return;
    }
    const std::string why = status.details;
    advance(next, State::kStopped, why, round.now, round.plan.events);
  }
}

}  // namespace howdah::serverless::phase
