// A group gets other configurations while it runs: one instance after the other takes the new files
// and restarts what reads them. When one does not come up with them, all go back to the last that
// every instance took (Release Guide, "Reconfigure an instance group in a running cluster").

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {
namespace {

bool is_done(const Node& node, int64_t target) {
  return node.applying == -1 && node.configurations_version == target;
}

// What is wrong with the node under its new configurations; empty: nothing, so far.
std::string trouble_of(const Round& round, const Node& node) {
  const SeenNode& seen = round.of(node);
  if (seen.configured_version != node.applying) return "";
  if (!seen.configure_error.empty()) return seen.configure_error;
  for (const Daemon& daemon : seen.daemons) {
    if (!daemon.essential || daemon.state == Daemon::State::kHealthy) continue;
    if (daemon.state == Daemon::State::kFailed) {
      return fmt::format("{} does not stay with it: exit code {}, log {}{}{}", daemon.unit,
                         daemon.exit_code, daemon.log, daemon.last_lines.empty() ? "" : ": ",
                         daemon.last_lines);
    }
    if (seen.configuring_for >= round.limits.daemons)
      return fmt::format("{} does not answer with it, log {}", daemon.unit, daemon.log);
  }
  return "";
}

// True when the node runs with the target.
bool apply(const Round& round, Node& node, int64_t target) {
  const SeenNode& seen = round.of(node);
  node.applying = target;
  round.again_in(base::Millis(500));
  if (seen.configured_version != target) {
    round.act(Action::Kind::kReconfigure, node);
    return false;
  }
  const bool healthy = std::all_of(seen.daemons.begin(), seen.daemons.end(), [](const Daemon& d) {
    return !d.essential || d.state == Daemon::State::kHealthy;
  });
  if (!healthy) return false;
  node.configurations_version = target;
  node.applying = -1;
  return true;
}

void fail(const Round& round, const Group& group, GroupStatus& status, const Node& node,
          const std::string& trouble) {
  const std::string text = fmt::format(
      "The reconfiguration operation for {} failed at {} and took {} to fail. Failed configuration "
      "version is {}. Failure message: Instance {} failed with message \"{}\".",
      in_words(round.next(), group), base::to_iso8601(round.now),
      minutes_since(status.changing, round.now), node.applying, node.instance_id, trouble);
  round.say(group.id, "group", text);
  status.reason = {"INTERNAL_ERROR", text};
  if (node.applying == group.configurations_version &&
      status.failed_version != group.configurations_version) {
    status.failed_version = group.configurations_version;  // back to what was
    return;
  }
  status.arrested_at = group.resize_serial;
  advance(status, GroupState::kSuspended, status.reason, round.now, round.plan.events);
}

void begin(const Round& round, const Group& group, GroupStatus& status, int64_t target) {
  status.changing = round.now;
  round.say(group.id, "group",
            fmt::format("A reconfiguration for {} started at {}. It is configuring from version "
                        "number {} to version number {}.",
                        in_words(round.next(), group), base::to_iso8601(round.now),
                        status.applied_version, target));
  advance(status, GroupState::kReconfiguring, {}, round.now, round.plan.events);
}

void end(const Round& round, const Group& group, GroupStatus& status, int64_t target) {
  if (target != group.configurations_version) {  // it went back; why is said
    const Reason reason = status.reason;
    return advance(status, GroupState::kRunning, reason, round.now, round.plan.events);
  }
  status.applied_version = target;
  status.applied_configurations = group.configurations;
  round.say(group.id, "group",
            fmt::format("The reconfiguration operation for {} is complete. The reconfiguration "
                        "started at {} and took {} to complete. Current configuration version is "
                        "{}.",
                        in_words(round.next(), group),
                        base::to_iso8601(status.changing.value_or(round.now)),
                        minutes_since(status.changing, round.now), target));
  advance(status, GroupState::kRunning, {}, round.now, round.plan.events);
}

void reconfigure_group(const Round& round, const Group& group, GroupStatus& status) {
  for (Node& node : round.status().nodes) {
    if (node.group_id != group.id || node.state != InstanceState::kRunning || node.leaving ||
        node.lost || !round.of(node).alive)
      continue;
    const int64_t target = version_of(round.next(), group);
    if (is_done(node, target)) continue;
    if (status.state == GroupState::kRunning) begin(round, group, status, target);
    if (apply(round, node, target)) continue;
    if (const std::string trouble = trouble_of(round, node); !trouble.empty())
      fail(round, group, status, node, trouble);
    return;  // one after the other
  }
  const int64_t target = version_of(round.next(), group);
  if (status.state == GroupState::kReconfiguring) {
    end(round, group, status, target);
  } else if (status.applied_version != target && target == group.configurations_version) {
    status.applied_version = target;  // it has no instances, or only new ones
    status.applied_configurations = group.configurations;
  }
}

}  // namespace

void reconfigure(const Round& round) {
  if (!round.next().wanted.terminate.empty()) return;
  for (const Group& group : round.next().wanted.groups) {
    GroupStatus& status = status_of_group(round, group);
    if (status.state == GroupState::kRunning || status.state == GroupState::kReconfiguring)
      reconfigure_group(round, group, status);
  }
}

}  // namespace howdah::cluster::phase
