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

constexpr Move<InstanceState> kInstanceMoves[] = {
    {InstanceState::kAwaitingFulfillment, InstanceState::kProvisioning},
    {InstanceState::kAwaitingFulfillment, InstanceState::kTerminated},
    {InstanceState::kProvisioning, InstanceState::kBootstrapping},
    {InstanceState::kProvisioning, InstanceState::kTerminated},
    {InstanceState::kBootstrapping, InstanceState::kRunning},
    {InstanceState::kBootstrapping, InstanceState::kTerminated},
    {InstanceState::kRunning, InstanceState::kTerminated},
};

// A fleet has no ARRESTED: what arrests a group suspends a fleet.
constexpr Move<GroupState> kGroupMoves[] = {
    {GroupState::kProvisioning, GroupState::kBootstrapping},
    {GroupState::kProvisioning, GroupState::kRunning},
    {GroupState::kProvisioning, GroupState::kArrested},
    {GroupState::kProvisioning, GroupState::kSuspended},
    {GroupState::kProvisioning, GroupState::kTerminating},
    {GroupState::kBootstrapping, GroupState::kRunning},
    {GroupState::kBootstrapping, GroupState::kArrested},
    {GroupState::kBootstrapping, GroupState::kSuspended},
    {GroupState::kBootstrapping, GroupState::kTerminating},
    {GroupState::kRunning, GroupState::kResizing},
    {GroupState::kRunning, GroupState::kReconfiguring},
    {GroupState::kRunning, GroupState::kTerminating},
    {GroupState::kResizing, GroupState::kRunning},
    {GroupState::kResizing, GroupState::kArrested},
    {GroupState::kResizing, GroupState::kSuspended},
    {GroupState::kResizing, GroupState::kTerminating},
    {GroupState::kReconfiguring, GroupState::kRunning},
    {GroupState::kReconfiguring, GroupState::kSuspended},
    {GroupState::kReconfiguring, GroupState::kTerminating},
    {GroupState::kArrested, GroupState::kRunning},
    {GroupState::kArrested, GroupState::kTerminating},
    {GroupState::kSuspended, GroupState::kRunning},
    {GroupState::kSuspended, GroupState::kTerminating},
    {GroupState::kTerminating, GroupState::kTerminated},
};

template <typename S, size_t N>
bool contains(const Move<S> (&moves)[N], S from, S to) {
  return std::any_of(std::begin(moves), std::end(moves),
                     [&](const Move<S>& m) { return m.from == from && m.to == to; });
}

}  // namespace

bool is_legal(State from, State to) { return contains(kMoves, from, to); }
bool is_legal(StepState from, StepState to) { return contains(kStepMoves, from, to); }
bool is_legal(InstanceState from, InstanceState to) { return contains(kInstanceMoves, from, to); }
bool is_legal(GroupState from, GroupState to) { return contains(kGroupMoves, from, to); }

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

void advance(Node& node, InstanceState to, Reason reason, base::Time now,
             std::vector<Event>& events) {
  CHECK(is_legal(node.state, to));
  node.state = to;
  if (to == InstanceState::kRunning) node.timeline.ready = now;
  if (to == InstanceState::kTerminated) node.timeline.ended = now;
  node.reason = std::move(reason);
  events.push_back({now, node.instance_id, "instance", name_of(to), node.reason.message});
}

void advance(GroupStatus& group, GroupState to, Reason reason, base::Time now,
             std::vector<Event>& events) {
  CHECK(is_legal(group.state, to));
  group.state = to;
  if (to == GroupState::kRunning && !group.timeline.ready) group.timeline.ready = now;
  if (to == GroupState::kTerminated) group.timeline.ended = now;
  group.reason = std::move(reason);
  events.push_back({now, group.id, "group", name_of(to), group.reason.message});
}

}  // namespace howdah::cluster
