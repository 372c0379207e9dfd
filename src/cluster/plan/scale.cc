// As many instances as each group wants. New ones pass provisioning, bootstrap actions and daemons
// while the cluster goes on. Those that leave are decommissioned first: YARN lets their containers
// end, HDFS copies their blocks (Management Guide, "Cluster scale-down"). A group whose new
// instances fail again and again is given up until it is resized anew.

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {
namespace {

// After so long a node that neither YARN nor HDFS knows is no longer waited for.
constexpr base::Millis kUnknownGrace{30000};

bool given_up(const GroupStatus& status) {
  return status.state == GroupState::kArrested || status.state == GroupState::kSuspended;
}

void give_up(const Round& round, const Group& group, GroupStatus& status, Reason reason) {
  status.arrested_at = group.resize_serial;
  if (given_up(status)) {
    status.reason = std::move(reason);
    return;
  }
  if (status.state == GroupState::kRunning)
    advance(status, GroupState::kResizing, {}, round.now, round.plan.events);
  round.say(
      group.id, "group",
      fmt::format("The {} was arrested at {} for the following reason: {}",
                  in_words(round.next(), group), base::to_iso8601(round.now), reason.message));
  advance(status, group.fleet ? GroupState::kSuspended : GroupState::kArrested, std::move(reason),
          round.now, round.plan.events);
}

// A new request lets a group that was given up begin again.
void resume(const Round& round, const Group& group, GroupStatus& status) {
  const bool resized = group.resize_serial != status.arrested_at;
  const bool reconfigured =
      group.configurations_version > std::max(status.failed_version, status.applied_version);
  if (!given_up(status) || (!resized && !reconfigured)) return;
  status.failures = 0;
  status.arrested_at = -1;
  advance(status, GroupState::kRunning, {}, round.now, round.plan.events);
}

// New instances come up; one that fails is removed, and its group thinks about it.
void bring_up(const Round& round) {
  std::vector<Failure> failures;
  make_nodes(round, failures);
  bring_up_nodes(round, failures);
  for (const Failure& failure : failures) {
    for (Node& node : round.status().nodes) {
      if (node.number != failure.node || node.lost) continue;
      const std::string text =
          fmt::format("On {}, {}. {}", instances_text(round.next(), {node.number}), failure.what,
                      failure.detail.message);
      node.lost = true;
      node.reason = {"BOOTSTRAP_FAILURE", text};
      const Group* group = group_of(round.next().wanted, node.group_id);
      if (!group) continue;
      GroupStatus& status = status_of_group(round, *group);
      round.say(node.instance_id, "instance", text);
      if (++status.failures >= round.limits.failures)
        give_up(round, *group, status, {"INTERNAL_ERROR", text});
    }
  }
}

bool timed_out(const Round& round, const Group& group, const Node& node) {
  const base::Millis limit = group.decommission_seconds
                                 ? base::Millis(*group.decommission_seconds * 1000)
                                 : round.limits.decommission;
  return round.of(node).leaving_for >= limit;
}

// May the node be taken away? A core node not before HDFS has its blocks elsewhere.
bool decommissioned(const Round& round, const Group& group, const Node& node) {
  const SeenNode& seen = round.of(node);
  if (node.state != InstanceState::kRunning || !seen.alive || !has_hadoop(round.next()))
    return true;
  const auto gone = [&](Membership word) {
    if (!round.seen.hadoop_known) return false;
    return word == Membership::kDecommissioned || word == Membership::kLost ||
           (word == Membership::kNone && seen.leaving_for >= kUnknownGrace);
  };
  if (!gone(seen.yarn) && !timed_out(round, group, node)) return false;
  return group.role != Role::kCore || gone(seen.hdfs);
}

void let_leave(const Round& round, const Group& group, GroupStatus& status, Node& node) {
  if (!node.lost && !decommissioned(round, group, node)) {
    if (!round.of(node).told_to_leave) tell_hadoop(round);
    if (timed_out(round, group, node) && status.reason.message.empty()) {
      status.reason.message = fmt::format(
          "HDFS has not yet copied the blocks of {}: it stays until then", node.instance_id);
      round.say(group.id, "group",
                fmt::format("The resizing operation for {} is stuck for the following reason: {}",
                            in_words(round.next(), group), status.reason.message));
    }
    round.again_in(base::Millis(1000));
    return;
  }
  if (!take_down(round, node)) return;
  end_node(
      round, node,
      node.lost ? node.reason : Reason{"", "The instance left its group when it was resized."});
}

// Who leaves first: those that were named, those that are not up yet, the idle, the newest.
void choose_leaving(const Round& round, const Group& group, int count) {
  std::vector<Node*> members;
  for (Node& node : round.status().nodes) {
    if (node.group_id == group.id && !is_over(node) && !node.leaving && !node.lost)
      members.push_back(&node);
  }
  const auto rank = [&](const Node* node) {
    const bool named = std::find(group.leave_first.begin(), group.leave_first.end(),
                                 node->instance_id) != group.leave_first.end();
    return std::tuple(!named, node->state == InstanceState::kRunning, round.of(*node).containers,
                      -node->number);
  };
  std::stable_sort(members.begin(), members.end(),
                   [&](const Node* a, const Node* b) { return rank(a) < rank(b); });
  for (int i = 0; i < count && i < static_cast<int>(members.size()); ++i) {
    members[static_cast<size_t>(i)]->leaving = round.now;
    round.say(members[static_cast<size_t>(i)]->instance_id, "instance",
              "The instance leaves its group.");
  }
}

// Those that were to leave and still belong to YARN and HDFS stay after all, the newest first.
int call_back(const Round& round, const Group& group, int count) {
  std::vector<Node>& nodes = round.status().nodes;
  int called = 0;
  for (auto node = nodes.rbegin(); node != nodes.rend() && called < count; ++node) {
    const SeenNode& seen = round.of(*node);
    if (node->group_id != group.id || !node->leaving || node->lost || is_over(*node)) continue;
    if (node->state != InstanceState::kRunning || !seen.alive) continue;
    if (seen.yarn == Membership::kDecommissioned || seen.hdfs == Membership::kDecommissioned)
      continue;
    node->leaving.reset();
    round.say(node->instance_id, "instance", "The instance stays in its group.");
    ++called;
  }
  return called;
}

void grow(const Round& round, const Group& group, GroupStatus& status, int missing) {
  missing -= call_back(round, group, missing);
  if (missing <= 0) return;
  if (round.status().network.empty()) {
    return give_up(round, group, status,
                   {"VALIDATION_ERROR",
                    "This cluster's primary node shares the host's network: other nodes cannot "
                    "reach it."});
  }
  if (!round.seen.capacity) {
    status.reason = {"", round.seen.capacity_reason};
    round.again_in(base::Millis(30000));
    return;
  }
  const int before = round.status().next_number;
  add_nodes(round, group, missing);
  if (round.status().next_number - before < missing) {
    give_up(round, group, status,
            {"INTERNAL_ERROR",
             fmt::format("The cluster's network {} has no address left.", round.status().network)});
  }
}

// How many are to be there: what is wanted, but never so few that HDFS cannot keep its copies.
int wanted_count(const Round& round, const Group& group, int members) {
  if (group.role == Role::kMaster) return 1;
  if (group.role != Role::kCore || !has_hadoop(round.next())) return std::max(0, group.count);
  return std::max(group.count, std::min(members, replication_of(round.next())));
}

void begin_resize(const Round& round, const Group& group, GroupStatus& status, int from, int to) {
  if (status.state == GroupState::kRunning) {
    status.changing = round.now;
    advance(status, GroupState::kResizing, {}, round.now, round.plan.events);
  } else if (status.state != GroupState::kResizing || status.target == to) {
    status.target = to;
    return;
  }
  status.target = to;
  round.say(group.id, "group",
            fmt::format("A resize for {} started at {}. It is resizing from an instance count of "
                        "{} to {}.",
                        in_words(round.next(), group), base::to_iso8601(round.now), from, to));
}

void end_resize(const Round& round, const Group& group, GroupStatus& status) {
  const auto members = members_of(round.next(), group.id);
  const bool up = std::all_of(members.begin(), members.end(), [](const Node* node) {
    return node->state == InstanceState::kRunning;
  });
  const bool leaving =
      std::any_of(round.status().nodes.begin(), round.status().nodes.end(), [&](const Node& node) {
        return node.group_id == group.id && !is_over(node) && (node.leaving || node.lost);
      });
  const int count = static_cast<int>(members.size());
  if (!up || leaving || count != wanted_count(round, group, count)) return;
  if (count > 0) status.failures = 0;
  if (status.state == GroupState::kProvisioning || status.state == GroupState::kBootstrapping) {
    status.applied_version = group.configurations_version;
    status.applied_configurations = group.configurations;
    advance(status, GroupState::kRunning, {}, round.now, round.plan.events);
  } else if (status.state == GroupState::kResizing) {
    round.say(group.id, "group",
              fmt::format("The resizing operation for {} is complete. It now has an instance count "
                          "of {}. The resize started at {} and took {} to complete.",
                          in_words(round.next(), group), count,
                          base::to_iso8601(status.changing.value_or(round.now)),
                          minutes_since(status.changing, round.now)));
    advance(status, GroupState::kRunning, {}, round.now, round.plan.events);
  }
}

void scale_group(const Round& round, const Group& group, GroupStatus& status) {
  const auto members = members_of(round.next(), group.id);
  const int before = static_cast<int>(members.size());
  const int want = wanted_count(round, group, before);
  const bool made = std::all_of(members.begin(), members.end(), [](const Node* node) {
    return node->state != InstanceState::kProvisioning;
  });
  const bool losing =
      std::any_of(round.status().nodes.begin(), round.status().nodes.end(), [&](const Node& node) {
        return node.group_id == group.id && !is_over(node) && (node.leaving || node.lost);
      });
  if (before != want || losing) begin_resize(round, group, status, before, want);
  if (before < want) grow(round, group, status, want - before);
  if (before > want) choose_leaving(round, group, before - want);
  if (status.state == GroupState::kProvisioning && before == want && made && before > 0)
    advance(status, GroupState::kBootstrapping, {}, round.now, round.plan.events);
}

}  // namespace

void tell_hadoop(const Round& round) {
  for (const Action& action : round.plan.actions) {
    if (action.kind == Action::Kind::kTellHadoop) return;
  }
  round.plan.actions.push_back({Action::Kind::kTellHadoop});
}

void scale(const Round& round) {
  if (!round.next().wanted.terminate.empty()) return;
  bring_up(round);
  for (const Group& group : round.next().wanted.groups) {
    GroupStatus& status = status_of_group(round, group);
    resume(round, group, status);
    // A reconfiguration comes to its end first: EMR's "temporarily blocked".
    if (status.state != GroupState::kReconfiguring && !given_up(status))
      scale_group(round, group, status);
    for (Node& node : round.status().nodes) {
      if (node.group_id != group.id || is_over(node)) continue;
      if (node.leaving || node.lost) {
        let_leave(round, group, status, node);
      } else if (node.state == InstanceState::kRunning) {
        const SeenNode& seen = round.of(node);  // it stays after all: they are to hear of it
        const auto leaves = [](Membership word) {
          return word == Membership::kDecommissioning || word == Membership::kDecommissioned;
        };
        if (seen.alive && (leaves(seen.yarn) || leaves(seen.hdfs))) tell_hadoop(round);
      }
    }
    if (!given_up(status)) end_resize(round, group, status);
    if (status.state == GroupState::kResizing || status.state == GroupState::kProvisioning ||
        status.state == GroupState::kBootstrapping)
      round.again_in(base::Millis(1000));
  }
}

}  // namespace howdah::cluster::phase
