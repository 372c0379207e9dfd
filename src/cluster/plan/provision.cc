// STARTING: the engines are installed, the host has room for the whole cluster, its network is
// there, its instances are made.

#include <fmt/format.h>

#include <algorithm>

#include "cluster/plan/phase.h"

namespace howdah::cluster::phase {
namespace {

// A changed message is an event of its own only where it says something new for good.
void say(const Round& round, std::string message) {
  round.status().reason = {"", std::move(message)};
}

void fail(const Round& round, const char* code, const char* component, const std::string& text) {
  round.status().errors.push_back(
      {code,
       {{"component", component}, {"release-label", round.next().wanted.release_label}},
       text});
  begin_termination(round, {"VALIDATION_ERROR", text});
}

// True when everything that the cluster needs is installed.
bool engine_ready(const Round& round) {
  switch (round.seen.engine.state) {
    case Seen::Engine::State::kFailed:
      fail(round, "ENGINE_INSTALL_FAILED", "install", round.seen.engine.text);
      return false;
    case Seen::Engine::State::kMissing:
      say(round, "Preparing the download of the release's applications");
      round.plan.actions.push_back({Action::Kind::kInstallEngine});
      round.again_in(base::Millis(500));
      return false;
    case Seen::Engine::State::kInstalling:
      say(round, round.seen.engine.text);
      // It is single-flight: asking again repairs a crash.
      round.plan.actions.push_back({Action::Kind::kInstallEngine});
      round.again_in(base::Millis(500));
      return false;
    case Seen::Engine::State::kInstalled:
      return true;
  }
  return true;
}

// True when it is decided which network the nodes are in: one of their own, or, for a primary node
// alone where there can be none, the host's.
bool network_ready(const Round& round) {
  Status& status = round.status();
  if (status.network_chosen) return true;
  const Seen::Network& network = round.seen.network;
  int count = 0;
  for (const Group& group : round.next().wanted.groups) count += group.count;
  if (!network.subnet.empty()) {
    status.network = network.subnet;
    status.network_chosen = true;
  } else if (network.refused.empty()) {
    say(round, "Provisioning Amazon EC2 capacity");
    round.plan.actions.push_back({Action::Kind::kEnsureNetwork});
    round.again_in(base::Millis(500));
  } else if (count > 1) {
    fail(round, "NETWORK_UNAVAILABLE", "network",
         fmt::format("{} nodes need a network of their own: {}", count, network.refused));
  } else {
    status.network_chosen = true;
  }
  return status.network_chosen;
}

}  // namespace

GroupStatus& status_of_group(const Round& round, const Group& group) {
  std::vector<GroupStatus>& groups = round.status().groups;
  for (GroupStatus& status : groups) {
    if (status.id == group.id) return status;
  }
  GroupStatus made;
  made.id = group.id;
  made.timeline.created = round.now;
  made.target = group.count;
  groups.push_back(std::move(made));
  return groups.back();
}

void add_nodes(const Round& round, const Group& group, int count) {
  Status& status = round.status();
  for (; count > 0; --count) {
    Node node;
    node.number = status.next_number;
    if (!status.network.empty()) {
      const auto address = address_in(status.network, node.number);
      if (!address) return;  // scale() says so: the group stays short
      node.address = *address;
    }
    ++status.next_number;
    node.instance_id = instance_id(round.next(), node.number);
    node.group_id = group.id;
    node.instance_type = group.instance_type;
    node.timeline.created = round.now;
    node.configurations_version = version_of(round.next(), group);
    node.announced = status.state == State::kStarting;  // its files name all of them from the first
    round.plan.events.push_back({round.now, node.instance_id, "instance",
                                 name_of(InstanceState::kProvisioning),
                                 fmt::format("{} instance of {}", name_of(group.role), group.id)});
    status.nodes.push_back(std::move(node));
  }
}

void make_nodes(const Round& round, std::vector<Failure>& failures) {
  for (Node& node : round.status().nodes) {
    if (node.state != InstanceState::kProvisioning || node.leaving || node.lost) continue;
    const SeenNode& seen = round.of(node);
    if (!seen.error.empty()) {
      failures.push_back({node.number,
                          "application provisioning failed",
                          {"APPLICATION_PROVISIONING_FAILED",
                           {{"component", "node"}, {"instance-id", node.instance_id}},
                           seen.error}});
    } else if (!seen.alive) {
      round.act(Action::Kind::kEnsureNode, node);
    } else if (!seen.attached) {
      round.act(Action::Kind::kAttach, node);
    } else {
      node.public_address = seen.public_address;
      advance(node, InstanceState::kBootstrapping, {}, round.now, round.plan.events);
    }
  }
}

void provision(const Round& round) {
  Status& status = round.status();
  if (!round.next().wanted.terminate.empty()) {
    return begin_termination(round, {"USER_REQUEST", "Terminated by user request"});
  }
  if (!engine_ready(round)) return;
  if (!status.admitted && !round.seen.capacity) {
    say(round, round.seen.capacity_reason);
    round.again_in(base::Millis(30000));  // it is woken when another cluster goes
    return;
  }
  status.admitted = true;
  if (!network_ready(round)) return;
  if (status.replication == 0) status.replication = replication_of(round.next());
  for (const Group& group : round.next().wanted.groups) {
    status_of_group(round, group);
    const int members = static_cast<int>(members_of(round.next(), group.id).size());
    add_nodes(round, group, group.count - members);
  }
  std::vector<Failure> failures;
  make_nodes(round, failures);
  if (!failures.empty()) return fail_cluster(round, failures);
  const bool all = std::none_of(status.nodes.begin(), status.nodes.end(), [](const Node& node) {
    return node.state == InstanceState::kProvisioning;
  });
  if (!all) {
    say(round, "Provisioning Amazon EC2 capacity");
    round.again_in(base::Millis(1000));
    return;
  }
  for (GroupStatus& group : status.groups) {
    advance(group, GroupState::kBootstrapping, {}, round.now, round.plan.events);
  }
  advance(round.next(), State::kBootstrapping, {"", "Running bootstrap actions"}, round.now,
          round.plan.events);
}

}  // namespace howdah::cluster::phase
