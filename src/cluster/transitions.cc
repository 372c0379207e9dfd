#include "cluster/transitions.h"

#include <algorithm>

#include "base/result.h"

namespace howdah::cluster {
namespace {

template <typename S>
struct Move {
  S from, to;
};

constexpr Move<State> kMoves[] = {
    {State::kStarting, State::kBootstrapping},
    {State::kStarting, State::kTerminating},
    {State::kBootstrapping, State::kRunning},
    {State::kBootstrapping, State::kWaiting},
    {State::kBootstrapping, State::kTerminating},
    {State::kRunning, State::kWaiting},
    {State::kRunning, State::kTerminating},
    {State::kWaiting, State::kRunning},
    {State::kWaiting, State::kTerminating},
    {State::kTerminating, State::kTerminated},
    {State::kTerminating, State::kTerminatedWithErrors},
};

constexpr Move<StepState> kStepMoves[] = {
    {StepState::kPending, StepState::kRunning},
    {StepState::kPending, StepState::kCancelled},
    {StepState::kPending, StepState::kFailed},
    {StepState::kRunning, StepState::kCompleted},
    {StepState::kRunning, StepState::kFailed},
    {StepState::kRunning, StepState::kCancelPending},
    {StepState::kRunning, StepState::kCancelled},
    {StepState::kCancelPending, StepState::kCancelled},
    {StepState::kCancelPending,
     StepState::kCompleted},  // it had ended by itself before the signal came
    {StepState::kCancelPending, StepState::kFailed},
};

template <typename S, size_t N>
bool contains(const Move<S> (&moves)[N], S from, S to) {
  return std::any_of(std::begin(moves), std::end(moves),
                     [&](const Move<S>& m) { return m.from == from && m.to == to; });
}

}  // namespace

bool is_legal(State from, State to) { return contains(kMoves, from, to); }
bool is_legal(StepState from, StepState to) { return contains(kStepMoves, from, to); }

void advance(Cluster& cluster, State to, Reason reason, base::Time now,
             std::vector<Event>& events) {
  CHECK(is_legal(cluster.status.state, to));
  cluster.status.state = to;
  if ((to == State::kRunning || to == State::kWaiting) && !cluster.status.timeline.ready) {
    cluster.status.timeline.ready = now;
  }
  if (is_terminal(to)) cluster.status.timeline.ended = now;
  cluster.status.reason = std::move(reason);
  events.push_back({now, cluster.key.id, "cluster", name_of(to), cluster.status.reason.message});
}

void advance(Step& step, StepState to, std::string reason, base::Time now,
             std::vector<Event>& events) {
  CHECK(is_legal(step.state, to));
  step.state = to;
  if (to == StepState::kRunning) step.timeline.ready = now;
  if (is_terminal(to)) step.timeline.ended = now;
  step.reason = std::move(reason);
  events.push_back({now, step.id, "step", name_of(to), step.reason});
}

void advance_instance(Cluster& cluster, InstanceState to, base::Time now,
                      std::vector<Event>& events) {
  if (cluster.status.instance == to) return;
  CHECK(cluster.status.instance != InstanceState::kTerminated);
  cluster.status.instance = to;
  if (to == InstanceState::kRunning) cluster.status.instance_timeline.ready = now;
  if (to == InstanceState::kTerminated) cluster.status.instance_timeline.ended = now;
  events.push_back({now, instance_id(cluster), "instance", name_of(to), ""});
}

}  // namespace howdah::cluster
