#include "serverless/transitions.h"

#include <algorithm>

#include "base/result.h"

namespace howdah::serverless {
namespace {

template <typename S>
struct Move {
  S from, to;
};

using A = ApplicationState;
using R = RunState;

constexpr Move<A> kMoves[] = {
    {A::kCreating, A::kCreated},
    {A::kCreated, A::kStarting},
    {A::kCreated, A::kTerminated},
    {A::kStarting, A::kStarted},
    {A::kStarting, A::kCreated},  // it could not be started: back to
                                  // where it came from
    {A::kStarting, A::kStopped},
    {A::kStarted, A::kStopping},
    {A::kStopping, A::kStopped},
    {A::kStopped, A::kStarting},
    {A::kStopped, A::kTerminated},
};

// Beside them every run that has not ended may fail.
constexpr Move<R> kRunMoves[] = {
    {R::kSubmitted, R::kQueued},     {R::kSubmitted, R::kPending},
    {R::kSubmitted, R::kCancelling}, {R::kSubmitted, R::kCancelled},
    {R::kQueued, R::kPending},       {R::kQueued, R::kCancelling},
    {R::kQueued, R::kCancelled},     {R::kPending, R::kScheduled},
    {R::kPending, R::kCancelling},   {R::kPending, R::kCancelled},
    {R::kScheduled, R::kRunning},    {R::kScheduled, R::kPending},  // the next attempt
    {R::kScheduled, R::kCancelling}, {R::kScheduled, R::kCancelled},
    {R::kRunning, R::kSuccess},      {R::kRunning, R::kPending},  // the next attempt
    {R::kRunning, R::kCancelling},   {R::kCancelling, R::kCancelled},
    {R::kCancelling, R::kSuccess},  // it had ended by itself before the signal came
};

template <typename S, size_t N>
bool contains(const Move<S> (&moves)[N], S from, S to) {
  return std::any_of(std::begin(moves), std::end(moves),
                     [&](const Move<S>& m) { return m.from == from && m.to == to; });
}

// The current attempt, as it is written down at the latest when something is said of it.
Attempt& current_attempt(RunStatus& status) {
  if (status.attempts.empty()) {
    Attempt first;
    first.created = status.created;
    status.attempts.push_back(std::move(first));
  }
  return status.attempts.back();
}

void set(Attempt& attempt, RunState to, const std::string& details, base::Time now) {
  attempt.state = to;
  attempt.details = details;
  attempt.updated = now;
  if (to == RunState::kRunning) attempt.started = now;
  if (is_terminal(to)) attempt.ended = now;
}

}  // namespace

bool is_legal(ApplicationState from, ApplicationState to) { return contains(kMoves, from, to); }
bool is_legal(RunState from, RunState to) {
  return contains(kRunMoves, from, to) || (to == RunState::kFailed && !is_terminal(from));
}

void advance(Application& application, ApplicationState to, std::string details, base::Time now,
             std::vector<Event>& events) {
  ApplicationStatus& status = application.status;
  CHECK(is_legal(status.state, to));
  status.state = to;
  status.details = std::move(details);
  status.updated = now;
  events.push_back({now, application.key.id, "application", name_of(to), status.details});
}

void advance(JobRun& run, RunState to, std::string details, base::Time now,
             std::vector<Event>& events) {
  RunStatus& status = run.status;
  CHECK(is_legal(status.state, to));
  const bool next_attempt = to == RunState::kPending && (status.state == RunState::kScheduled ||
                                                         status.state == RunState::kRunning);
  if (status.queued) {
    status.queued_millis += std::max<int64_t>(0, (now - *status.queued).count());
    status.queued.reset();
  }
  if (to == RunState::kQueued) status.queued = now;
  status.state = to;
  status.details = std::move(details);
  status.updated = now;
  if (to == RunState::kRunning && !status.started) status.started = now;
  if (is_terminal(to)) status.ended = now;
  if (next_attempt) {
    Attempt& failed = current_attempt(status);
    set(failed, RunState::kFailed, status.details, now);
    Attempt next;
    next.number = failed.number + 1;
    next.created = now;
    status.attempts.push_back(std::move(next));
  }
  set(current_attempt(status), to, next_attempt ? "" : status.details, now);
  events.push_back({now, run.id, "job-run", name_of(to), status.details});
}

}  // namespace howdah::serverless
