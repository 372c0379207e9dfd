#pragma once

// The legal moves, and the only functions that make them. Each move leaves an event that says why.
// Source: EMR API reference (ClusterState, StepState) and the Management Guide, "Understanding the
// cluster lifecycle". Pure. CHECK fails on an illegal move: that is a bug of plan().

#include <string>
#include <utility>
#include <vector>

#include "cluster/cluster.h"

namespace howdah::cluster {

/// What happened, for the events table.
struct Event {
  base::Time at;
  std::string subject;  // "j-…" or "s-…" or "i-…"
  std::string kind;     // "cluster", "step", "instance", "warning"
  std::string state;    // the new state's wire name; may be empty
  std::string message;
};

bool is_legal(State from, State to);
bool is_legal(StepState from, StepState to);

void advance(Cluster& cluster, State to, Reason reason, base::Time now, std::vector<Event>& events);
void advance(Step& step, StepState to, std::string reason, base::Time now,
             std::vector<Event>& events);
void advance_instance(Cluster& cluster, InstanceState to, base::Time now,
                      std::vector<Event>& events);

}  // namespace howdah::cluster
