// Nodes that are not alive although they should be. One that ended by itself while others, or this
// server, went on is lost: a core or task node is replaced, without its primary a cluster ends.
// When all went at once it was the host: they are made again and find what they had on disk.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {
namespace {

bool any_alive(const Round& round) {
  return std::any_of(round.status().nodes.begin(), round.status().nodes.end(),
                     [&](const Node& node) { return !is_over(node) && round.of(node).alive; });
}

// "core/1": the first of its group's instances that are there.
std::string place_of(const Round& round, const Node& node) {
  std::string role = name_of(role_of(round.next(), node));
  for (char& c : role) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  int place = 1;
  for (const Node* other : members_of(round.next(), node.group_id)) {
    if (other->number < node.number) ++place;
  }
  return fmt::format("{}/{}", role, place);
}

void lose(const Round& round, Node& node) {
  const SeenNode& seen = round.of(node);
  const std::string why = seen.exists ? seen.reason : "there is nothing left of it";
  if (role_of(round.next(), node) == Role::kMaster) {
    node.lost = true;
    round.status().errors.push_back(
        {"INSTANCE_LOST",
         {{"component", "node"}, {"instance-id", node.instance_id}},
         fmt::format("The master instance {} ended by itself: {}", node.instance_id, why)});
    return begin_termination(
        round, {"INSTANCE_FAILURE",
                fmt::format("The master instance ({}) was terminated", node.instance_id)});
  }
  round.say(node.instance_id, "instance",
            fmt::format("{} replaced: {} ended by itself ({})", place_of(round, node),
                        node.instance_id, why));
  node.lost = true;
  node.reason = {"INSTANCE_FAILURE", fmt::format("The instance ended by itself: {}", why)};
}

// A node that was made again is as before when its daemons are; one of them that is given up, or
// that takes too long, holds nothing up.
bool is_back(const Round& round, const Node& node) {
  const SeenNode& seen = round.of(node);
  if (seen.starting_for >= round.limits.daemons) return true;
  return std::all_of(seen.daemons.begin(), seen.daemons.end(), [](const Daemon& daemon) {
    return !daemon.essential || daemon.state == Daemon::State::kHealthy ||
           daemon.state == Daemon::State::kFailed;
  });
}

// True while the node has to be made again.
bool bring_back(const Round& round, Node& node) {
  if (!round.of(node).error.empty()) {
    lose(round, node);
    return false;
  }
  round.act(Action::Kind::kEnsureNode, node);
  round.again_in(base::Millis(1000));
  return true;
}

// A step may wait for it for ever: a disk that is full, a health script.
void note_health(const Round& round, Node& node) {
  constexpr std::string_view kUnhealthy = "YARN places nothing on this instance: ";
  if (!round.seen.hadoop_known) return;
  const std::string& why = round.of(node).unhealthy;
  const std::string message = why.empty() ? "" : std::string(kUnhealthy) + why;
  if (node.reason.message == message ||
      (why.empty() && !node.reason.message.starts_with(kUnhealthy)))
    return;
  node.reason.message = message;
  round.say(node.instance_id, "instance",
            why.empty() ? "YARN places containers on this instance again." : message);
}

}  // namespace

void heal(const Round& round) {
  const bool others_alive = any_alive(round);
  for (Node& node : round.status().nodes) {
    // One that leaves is gone when it was taken down: scale() ends it.
    if (node.state != InstanceState::kRunning || node.lost || node.leaving) continue;
    const SeenNode& seen = round.of(node);
    if (seen.alive) {
      note_health(round, node);
      if (!seen.attached) {
        round.act(Action::Kind::kAttach, node);
        round.again_in(base::Millis(1000));
      } else if (node.returning) {
        round.again_in(base::Millis(500));
        if (!is_back(round, node)) continue;
        node.returning = false;
        node.public_address = seen.public_address;
        round.say(node.instance_id, "instance", "The instance was started again.");
      }
      continue;
    }
    if (!node.returning && (!seen.exists || seen.watched || others_alive)) {
      lose(round, node);
    } else {
      // Committed for all before the first is made: from then on others are alive.
      node.returning = true;
      bring_back(round, node);
    }
    if (round.status().state == State::kTerminating) return;
  }
}

}  // namespace howdah::cluster::phase
