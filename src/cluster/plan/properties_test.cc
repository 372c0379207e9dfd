// What holds of plan() whatever was seen: by rapidcheck.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "cluster/plan/world_in_memory.h"

namespace howdah::cluster {
namespace {

using base::Millis;

const base::Time kNow = base::from_millis(1'800'000'000'000);

Step any_step(State state, int i) {
  Step s;
  s.id = "s-" + std::to_string(i);
  s.name = s.id;
  s.on_failure = *rc::gen::element(OnFailure::kContinue, OnFailure::kCancelAndWait,
                                   OnFailure::kTerminateCluster);
  s.jar = {"command-runner.jar", "", {"true"}, {}};
  s.cancel = *rc::gen::weightedElement<Cancel>(
      {{4, Cancel::kNo}, {1, Cancel::kInterrupt}, {1, Cancel::kKill}});
  if (state == State::kTerminating) {
    s.state = StepState::kCancelPending;
  } else if (state == State::kRunning) {
    s.state =
        *rc::gen::element(StepState::kPending, StepState::kRunning, StepState::kCancelPending);
  }
  return s;
}

void add_group(Cluster& cluster, Role role, int count, int recorded, bool over) {
  Group group;
  group.id = std::string("ig-") + name_of(role);
  group.role = role;
  group.count = count;
  group.configurations_version = *rc::gen::inRange(0, 3);
  cluster.wanted.groups.push_back(group);
  if (cluster.status.state == State::kStarting) return;
  GroupStatus status;
  status.id = group.id;
  status.state = over                                            ? GroupState::kTerminated
                 : cluster.status.state == State::kTerminating   ? GroupState::kTerminating
                 : cluster.status.state == State::kBootstrapping ? GroupState::kBootstrapping
                                                                 : GroupState::kRunning;
  if (status.state == GroupState::kRunning && role != Role::kMaster) {
    status.state =
        *rc::gen::element(GroupState::kRunning, GroupState::kResizing, GroupState::kArrested,
                          GroupState::kReconfiguring, GroupState::kProvisioning);
  }
  status.target = count;
  cluster.status.groups.push_back(status);
  for (int i = 0; i < recorded; ++i) {
    Node node;
    node.number = cluster.status.next_number++;
    node.instance_id = instance_id(cluster, node.number);
    node.group_id = group.id;
    node.address = address_in("10.64.0.0/22", node.number).value();
    node.state = over ? InstanceState::kTerminated : InstanceState::kRunning;
    if (!over && role != Role::kMaster) {
      node.state = *rc::gen::element(InstanceState::kRunning, InstanceState::kBootstrapping,
                                     InstanceState::kProvisioning, InstanceState::kTerminated);
      if (*rc::gen::inRange(0, 4) == 0) node.leaving = kNow;
      node.lost = *rc::gen::inRange(0, 8) == 0;
      node.announced = *rc::gen::arbitrary<bool>();
    }
    node.returning = *rc::gen::inRange(0, 8) == 0;
    cluster.status.nodes.push_back(node);
  }
}

Cluster any_cluster() {
  Cluster cluster;
  cluster.key = {"000000000000", "us-east-1", "j-TEST"};
  cluster.wanted.name = "test";
  cluster.wanted.keep_alive = *rc::gen::arbitrary<bool>();
  cluster.wanted.applications = {"Hadoop", "Spark"};
  cluster.status.state =
      *rc::gen::element(State::kStarting, State::kBootstrapping, State::kRunning, State::kWaiting,
                        State::kTerminating, State::kTerminated, State::kTerminatedWithErrors);
  const State state = cluster.status.state;
  const bool over = is_terminal(state);
  if (state != State::kStarting && !over) cluster.status.admitted = true;
  cluster.status.network_chosen = state != State::kStarting;
  cluster.status.network = state == State::kStarting ? "" : "10.64.0.0/22";
  cluster.status.replication = *rc::gen::inRange(1, 3);
  add_group(cluster, Role::kMaster, 1, 1, over);
  add_group(cluster, Role::kCore, *rc::gen::inRange(0, 4), *rc::gen::inRange(0, 4), over);
  add_group(cluster, Role::kTask, *rc::gen::inRange(0, 3), *rc::gen::inRange(0, 3), over);
  cluster.wanted.step_concurrency = *rc::gen::inRange(1, 4);
  if (*rc::gen::inRange(0, 4) == 0) cluster.wanted.terminate = "user";
  if (*rc::gen::arbitrary<bool>()) cluster.wanted.log_uri = "s3://logs/x";
  if (*rc::gen::inRange(0, 3) == 0) cluster.wanted.idle_timeout_seconds = 60;
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    cluster.wanted.bootstrap_actions.push_back({"b", "s3://b/x", {}});
  cluster.status.warm = {*rc::gen::arbitrary<bool>(), *rc::gen::element<std::string>("", "1g"),
                         *rc::gen::inRange(0, 3),     *rc::gen::element<std::string>("", "1g"),
                         *rc::gen::inRange(0, 3),     *rc::gen::arbitrary<bool>()};
  for (int i = over ? 0 : *rc::gen::inRange(0, 4); i > 0; --i)
    cluster.steps.push_back(any_step(state, i));
  return cluster;
}

Process any_process() {
  Process p;
  p.state = *rc::gen::element(Process::State::kUnknown, Process::State::kRunning,
                              Process::State::kExited, Process::State::kLost);
  p.exit_code = *rc::gen::inRange(0, 3);
  if (p.state == Process::State::kExited) p.ended = kNow - Millis(*rc::gen::inRange(0, 20'000));
  return p;
}

SeenNode any_node(const Cluster& cluster) {
  SeenNode seen;
  const auto flag = [] { return *rc::gen::arbitrary<bool>(); };
  const auto word = [] {
    return *rc::gen::element(Membership::kNone, Membership::kMember, Membership::kLost,
                             Membership::kDecommissioning, Membership::kDecommissioned);
  };
  seen.exists = flag();
  seen.alive = seen.exists && flag();
  seen.watched = flag();
  seen.attached = flag();
  if (*rc::gen::inRange(0, 6) == 0) seen.error = "it cannot be made";
  seen.final_logs_shipped = flag();
  seen.told_to_leave = flag();
  seen.announced = flag();
  seen.yarn = word();
  seen.hdfs = word();
  seen.containers = *rc::gen::inRange(0, 4);
  seen.leaving_for = Millis(*rc::gen::element(0, 40'000, 4'000'000));
  seen.shutdown_actions = flag();
  seen.configured_version = *rc::gen::inRange(-1, 3);
  Daemon daemon;
  daemon.unit = "hadoop-yarn-nodemanager";
  daemon.essential = flag();
  daemon.state = *rc::gen::element(Daemon::State::kDown, Daemon::State::kStarting,
                                   Daemon::State::kHealthy, Daemon::State::kFailed);
  if (flag()) seen.daemons.push_back(daemon);
  for (const Step& s : cluster.steps) seen.processes[s.id] = any_process();
  for (int i = 1; i <= 2; ++i) seen.processes[process_of_bootstrap(i)] = any_process();
  seen.processes[process_of_services(1)] = any_process();
  for (int i = 1; i <= 3; ++i) seen.processes[process_of_warm(i)] = any_process();
  seen.can_be_warm = flag();
  seen.warm_waits = flag();
  return seen;
}

Seen any_seen(const Cluster& cluster) {
  Seen seen;
  seen.engine.state =
      *rc::gen::element(Seen::Engine::State::kMissing, Seen::Engine::State::kInstalling,
                        Seen::Engine::State::kInstalled, Seen::Engine::State::kFailed);
  seen.engine.text = "what the engine says";
  seen.capacity = *rc::gen::arbitrary<bool>();
  seen.capacity_reason = "what the host says";
  seen.network.exists = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) seen.network.subnet = "10.64.0.0/22";
  seen.memory_for_step = *rc::gen::arbitrary<bool>();
  seen.memory_for_warm = *rc::gen::arbitrary<bool>();
  seen.memory_short = *rc::gen::arbitrary<bool>();
  seen.hadoop_known = *rc::gen::arbitrary<bool>();
  seen.idle = Millis(*rc::gen::inRange(0, 120'000));
  for (int number = 0; number < 16; ++number) seen.nodes[number] = any_node(cluster);
  for (const Step& s : cluster.steps)
    seen.step_ends[s.id].logs_shipped = *rc::gen::arbitrary<bool>();
  return seen;
}

long members(const Cluster& cluster, const Group& group) {
  return static_cast<long>(members_of(cluster, group.id).size());
}

RC_GTEST_PROP(PlanProperties, AnEndedClusterStaysAsItIsAndGainsNothing, ()) {
  Cluster cluster = any_cluster();
  if (!is_terminal(cluster.status.state)) RC_DISCARD();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  RC_ASSERT(out.next.status == cluster.status);
  for (const Action& action : out.actions) {
    RC_ASSERT(action.kind == Action::Kind::kRemoveNode ||
              action.kind == Action::Kind::kRemoveNetwork);
  }
}

RC_GTEST_PROP(PlanProperties, ATerminatingClusterGainsNoNode, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  if (out.next.status.state != State::kTerminating && !is_terminal(out.next.status.state)) return;
  RC_ASSERT(out.next.status.nodes.size() == cluster.status.nodes.size() ||
            cluster.status.state != State::kTerminating);
  for (const Action& action : out.actions) RC_ASSERT(action.kind != Action::Kind::kEnsureNode);
}

RC_GTEST_PROP(PlanProperties, NeverMoreNodesThanAskedFor, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  for (const Group& group : cluster.wanted.groups) {
    RC_ASSERT(
        members(out.next, group) <=
        std::max<long>(group.role == Role::kMaster ? 1 : group.count, members(cluster, group)));
  }
}

RC_GTEST_PROP(PlanProperties, NoNodeIsMadeThatIsNotWrittenDown, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  for (const Action& action : out.actions) {
    if (action.kind != Action::Kind::kEnsureNode) continue;
    RC_ASSERT(std::any_of(out.next.status.nodes.begin(), out.next.status.nodes.end(),
                          [&](const Node& n) { return n.number == action.node && !is_over(n); }));
  }
}

RC_GTEST_PROP(PlanProperties, ALeavingNodeIsNotRemovedBeforeItIsDecommissionedOrItsTimeIsUp, ()) {
  const Cluster cluster = any_cluster();
  const Seen seen = any_seen(cluster);
  const Plan out = plan(cluster, seen, kNow);
  if (out.next.status.state != State::kRunning && out.next.status.state != State::kWaiting) return;
  for (const Action& action : out.actions) {
    if (action.kind != Action::Kind::kRemoveNode) continue;
    for (const Node& node : cluster.status.nodes) {
      const SeenNode& s = seen.nodes.at(node.number);
      if (node.number != action.node || !node.leaving || node.lost || !s.alive ||
          node.state != InstanceState::kRunning)
        continue;
      const auto gone = [&](Membership word) {
        return seen.hadoop_known &&
               (word == Membership::kDecommissioned || word == Membership::kLost ||
                (word == Membership::kNone && s.leaving_for >= Millis(30'000)));
      };
      RC_ASSERT(gone(s.yarn) || s.leaving_for >= std::chrono::hours(1));
      RC_ASSERT(role_of(cluster, node) != Role::kCore || gone(s.hdfs));
    }
  }
}

RC_GTEST_PROP(PlanProperties, CoreNodesThatAreLeftSufficeForTheCopies, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  const auto leaving = [](const Cluster& c) {
    return std::count_if(c.status.nodes.begin(), c.status.nodes.end(), [&](const Node& n) {
      return role_of(c, n) == Role::kCore && n.leaving && !is_over(n);
    });
  };
  if (leaving(out.next) <= leaving(cluster)) return;  // nobody was told to leave
  for (const Group& group : cluster.wanted.groups) {
    if (group.role == Role::kCore)
      RC_ASSERT(members(out.next, group) >= std::max(group.count, replication_of(cluster)));
  }
}

RC_GTEST_PROP(PlanProperties, TheCountConverges, ()) {
  Cluster cluster;
  cluster.key = {"000000000000", "us-east-1", "j-TEST"};
  cluster.wanted.keep_alive = true;
  cluster.wanted.applications = {"Hadoop"};
  add_group(cluster, Role::kMaster, 1, 0, false);
  add_group(cluster, Role::kCore, 2, 0, false);
  add_group(cluster, Role::kTask, 1, 0, false);
  WorldInMemory world;
  base::Time now = kNow;
  const auto settle = [&] {
    for (int round = 0; round < 80; ++round) {
      const Plan out = plan(cluster, world.look(cluster), now);
      cluster = out.next;
      for (const Action& action : out.actions) world.act(cluster, action);
      now += Millis(1000);
      if (out.actions.empty() && out.events.empty()) break;
    }
  };
  settle();
  for (int change = *rc::gen::inRange(1, 5); change > 0; --change) {
    for (Group& group : cluster.wanted.groups) {
      if (group.role == Role::kMaster) continue;
      group.count = *rc::gen::inRange(group.role == Role::kCore ? 1 : 0, 5);
      ++group.resize_serial;
    }
    for (const Node& node : cluster.status.nodes) {
      if (role_of(cluster, node) != Role::kMaster && !is_over(node) && *rc::gen::inRange(0, 5) == 0)
        world.kill_node(node.instance_id);
    }
    if (*rc::gen::arbitrary<bool>()) settle();
  }
  settle();
  RC_ASSERT(cluster.status.state == State::kWaiting);
  for (const Group& group : cluster.wanted.groups) {
    RC_ASSERT(members(cluster, group) == group.count);
    RC_ASSERT(group_status_of(cluster.status, group.id)->state == GroupState::kRunning);
  }
}

RC_GTEST_PROP(PlanProperties, NeverMoreStepsAreStartedThanTheConcurrencyAllows, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  const auto live = [](const std::vector<Step>& steps) {
    return std::count_if(steps.begin(), steps.end(), [](const Step& s) {
      return s.state == StepState::kRunning || s.state == StepState::kCancelPending;
    });
  };
  RC_ASSERT(live(out.next.steps) <=
            std::max<long>(cluster.wanted.step_concurrency, live(cluster.steps)));
}

RC_GTEST_PROP(PlanProperties, AStepNeverCompletesWithoutAProcessThatEndedWithZero, ()) {
  const Cluster cluster = any_cluster();
  const Seen seen = any_seen(cluster);
  const Plan out = plan(cluster, seen, kNow);
  for (const Step& s : out.next.steps) {
    if (s.state != StepState::kCompleted) continue;
    const Process& p = seen.nodes.at(0).processes.at(s.id);
    RC_ASSERT(p.state == Process::State::kExited);
    RC_ASSERT(p.exit_code == 0);
  }
}

RC_GTEST_PROP(PlanProperties, AWarmDriverStartsBesideNoStepAndAtMostOneAtATime, ()) {
  const Cluster cluster = any_cluster();
  const Seen seen = any_seen(cluster);
  const Plan out = plan(cluster, seen, kNow);
  for (const Action& action : out.actions) {
    if (action.kind != Action::Kind::kStartWarm) continue;
    RC_ASSERT(action.number == out.next.status.warm.number);
    RC_ASSERT(seen.memory_for_warm);
    for (const Step& s : out.next.steps) RC_ASSERT(is_terminal(s.state));
    const int before = cluster.status.warm.number;
    if (before > 0) {
      const auto& processes = seen.nodes.at(primary_of(out.next)->number).processes;
      RC_ASSERT(processes.at(process_of_warm(before)).state != Process::State::kRunning);
    }
  }
}

RC_GTEST_PROP(PlanProperties, TheSameLookTwiceChangesNothingMore, ()) {
  const Cluster cluster = any_cluster();
  const Seen seen = any_seen(cluster);
  Cluster settled = cluster;
  // Ended steps are not loaded again; some rounds lead through the states, and through the attempts
  // to bring instances up.
  const auto round = [&] {
    Plan out = plan(settled, seen, kNow);
    std::erase_if(out.next.steps, [](const Step& s) { return is_terminal(s.state); });
    settled = out.next;
    return out.events.empty();
  };
  for (int i = 0; i < 40; ++i) round();
  const Status before = settled.status;
  RC_ASSERT(round());
  RC_ASSERT(settled.status == before);
}

RC_GTEST_PROP(PlanProperties, EveryEndHasAReason, ()) {
  const Cluster cluster = any_cluster();
  const Plan out = plan(cluster, any_seen(cluster), kNow);
  if (out.next.status.state == State::kTerminating && cluster.status.state != State::kTerminating) {
    RC_ASSERT(!out.next.status.reason.code.empty());
    RC_ASSERT(!out.next.status.reason.message.empty());
  }
}

RC_GTEST_PROP(PlanProperties, WhatIsKeptIsReadAsItWasWritten, ()) {
  const Cluster cluster = any_cluster();
  RC_ASSERT(status_from(to_json(cluster.status)) == cluster.status);
}

}  // namespace
}  // namespace howdah::cluster
