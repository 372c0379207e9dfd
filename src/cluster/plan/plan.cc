#include "cluster/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/plan/phase.h"

namespace howdah::cluster {

namespace phase {

const SeenNode& Round::of(const Node& node) const {
  static const SeenNode nothing;
  const auto it = seen.nodes.find(node.number);
  return it == seen.nodes.end() ? nothing : it->second;
}

const SeenNode& primary_seen(const Round& round) {
  static const SeenNode nothing;
  const Node* primary = primary_of(round.next());
  return primary ? round.of(*primary) : nothing;
}

bool has_hadoop(const Cluster& cluster) {
  const auto& asked = cluster.wanted.applications;
  if (std::find(asked.begin(), asked.end(), "Hadoop") != asked.end()) return true;
  int count = 0;
  for (const Group& group : cluster.wanted.groups) count += group.count;
  return count > 1;
}

std::string in_words(const Cluster& cluster, const Group& group) {
  return fmt::format("instance {} {} in Amazon EMR cluster {} ({})",
                     group.fleet ? "fleet" : "group", group.id, cluster.key.id,
                     cluster.wanted.name);
}

std::string minutes_since(const std::optional<base::Time>& since, base::Time now) {
  const auto took = std::chrono::duration_cast<std::chrono::minutes>(now - since.value_or(now));
  return fmt::format("{} minute{}", took.count(), took.count() == 1 ? "" : "s");
}

void begin_termination(const Round& round, Reason reason) {
  for (Step& step : round.next().steps) {
    if (step.state == StepState::kPending) {
      advance(step, StepState::kCancelled, "The cluster is terminating.", round.now,
              round.plan.events);
    } else if (step.state == StepState::kRunning) {
      advance(step, StepState::kCancelPending, "The cluster is terminating.", round.now,
              round.plan.events);
      if (step.cancel == Cancel::kNo) step.cancel = Cancel::kInterrupt;
    }
  }
  for (GroupStatus& group : round.status().groups) {
    if (is_legal(group.state, GroupState::kTerminating)) {
      advance(group, GroupState::kTerminating, {"CLUSTER_TERMINATED", "Job flow terminated"},
              round.now, round.plan.events);
    }
  }
  advance(round.next(), State::kTerminating, std::move(reason), round.now, round.plan.events);
}

}  // namespace phase

namespace {

// A cluster that ran before clusters had node rows: its one node is there. True: look at it first.
bool adopt_old_row(Plan& plan) {
  Status& status = plan.next.status;
  const bool has_node = status.state == State::kBootstrapping || status.state == State::kRunning ||
                        status.state == State::kWaiting;
  if (!has_node || !status.admitted || status.network_chosen || !status.nodes.empty()) return false;
  if (plan.next.wanted.groups.empty()) return false;
  const Group& group = plan.next.wanted.groups.front();
  Node node;
  node.instance_id = instance_id(plan.next, 0);
  node.group_id = group.id;
  node.instance_type = group.instance_type;
  node.timeline = status.timeline;
  node.timeline.ended.reset();
  node.state = status.state == State::kBootstrapping ? InstanceState::kBootstrapping
                                                     : InstanceState::kRunning;
  status.nodes.push_back(std::move(node));
  status.next_number = 1;
  status.network_chosen = true;
  GroupStatus group_status;
  group_status.id = group.id;
  group_status.timeline = status.timeline;
  group_status.state =
      status.state == State::kBootstrapping ? GroupState::kBootstrapping : GroupState::kRunning;
  status.groups.push_back(std::move(group_status));
  return true;
}

void one_phase(const phase::Round& round) {
  switch (round.status().state) {
    case State::kStarting:
      return phase::provision(round);
    case State::kBootstrapping:
      return phase::bootstrap(round);
    case State::kRunning:
    case State::kWaiting:
      phase::heal(round);
      if (round.status().state == State::kTerminating) return;
      phase::scale(round);
      phase::reconfigure(round);
      phase::tend_daemons(round);
      phase::run_steps(round);
      if (round.status().state != State::kTerminating) phase::keep_warm(round);
      return;
    case State::kTerminating:
      return phase::wind_down(round);
    case State::kTerminated:
    case State::kTerminatedWithErrors:
      // What the world has and nobody wants is removed.
      for (const Node& node : round.status().nodes) {
        if (round.of(node).exists) round.act(Action::Kind::kRemoveNode, node);
      }
      if (round.seen.network.exists) round.plan.actions.push_back({Action::Kind::kRemoveNetwork});
      return;
  }
}

// Terminated entries go when there are very many: a group that is resized every minute.
void forget_old_nodes(Status& status) {
  constexpr size_t kMost = 1000;
  for (size_t i = 0; status.nodes.size() > kMost && i < status.nodes.size();) {
    if (is_over(status.nodes[i])) {
      status.nodes.erase(status.nodes.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

}  // namespace

Plan plan(const Cluster& cluster, const Seen& seen, base::Time now, const Limits& limits) {
  Plan out{cluster, {}, {}, std::nullopt};
  if (adopt_old_row(out)) {
    out.look_again = base::Millis(0);
    return out;
  }
  const phase::Round round{out, seen, now, limits};
  // A phase that moved the cluster on hands over to the next at once: one commit, not one a state.
  // The moves of cluster states make no cycle but RUNNING <-> WAITING, which run_steps settles
  // itself. What was to be done in the state that was left is not done any more.
  State before;
  do {
    before = out.next.status.state;
    out.actions.clear();
    out.look_again.reset();
    one_phase(round);
  } while (out.next.status.state != before && out.next.status.state != State::kWaiting &&
           !(before == State::kWaiting && out.next.status.state == State::kRunning));
  // A node that this very plan gives up is not made any more.
  std::erase_if(out.actions, [&](const Action& action) {
    const auto& nodes = out.next.status.nodes;
    return action.kind == Action::Kind::kEnsureNode &&
           std::none_of(nodes.begin(), nodes.end(), [&](const Node& node) {
             return node.number == action.node && !is_over(node);
           });
  });
  forget_old_nodes(out.next.status);
  return out;
}

}  // namespace howdah::cluster
