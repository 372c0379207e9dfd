#pragma once

// The legal moves, and the only functions that make them. Each move leaves an event that says why.
// Source: EMR API reference (ClusterState, StepState, InstanceState, InstanceGroupState,
// InstanceFleetState) and the Management Guide, "Understanding the cluster lifecycle". Pure. CHECK
// fails on an illegal move: that is a bug of plan().

#include <string>
#include <utility>
#include <vector>

#include "cluster/cluster.h"

namespace howdah::cluster {

/// What happened, for the events table.
struct Event {
  base::Time at;
  std::string subject;  // "j-…", "s-…", "i-…", "ig-…" or "if-…"
  std::string kind;     // "cluster", "step", "instance", "group", "daemon", "warm", "warning"
  std::string state;    // the new state's wire name; may be empty
  std::string message;
};

bool is_legal(State from, State to);
bool is_legal(StepState from, StepState to);
bool is_legal(InstanceState from, InstanceState to);
bool is_legal(GroupState from, GroupState to);

void advance(Cluster& cluster, State to, Reason reason, base::Time now, std::vector<Event>& events);
void advance(Step& step, StepState to, std::string reason, base::Time now,
             std::vector<Event>& events);
void advance(Node& node, InstanceState to, Reason reason, base::Time now,
             std::vector<Event>& events);
void advance(GroupStatus& group, GroupState to, Reason reason, base::Time now,
             std::vector<Event>& events);

}  // namespace howdah::cluster
