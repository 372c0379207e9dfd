#pragma once

// One function a phase, each in the file that it is named after; called by plan() alone. All of
// them change `Round::plan` in place.

#include <string>
#include <vector>

#include "cluster/plan/plan.h"

namespace howdah::cluster::phase {

struct Round {
  Plan& plan;
  const Seen& seen;
  const base::Time now;
  const Limits& limits;

  Cluster& next() const { return plan.next; }
  Status& status() const { return plan.next.status; }
  const SeenNode& of(const Node& node) const;  // nothing seen: all at its default
  void act(Action::Kind kind, const Node& node, int number = 0) const {
    plan.actions.push_back({kind, {}, number, false, node.number});
  }
  void again_in(base::Millis delay) const {
    if (!plan.look_again || *plan.look_again > delay) plan.look_again = delay;
  }
  void say(const std::string& subject, const char* kind, std::string message) const {
    plan.events.push_back({now, subject, kind, "", std::move(message)});
  }
};

/// Why an instance did not come up.
struct Failure {
  int node = 0;
  std::string what;  // "bootstrap action 1 returned a non-zero return code", after "On …, "
  ErrorDetail detail;
};

// STARTING
void provision(const Round& round);  // engine, admission, network, rows, nodes
/// PROVISIONING instances are made and attached; then they are BOOTSTRAPPING.
void make_nodes(const Round& round, std::vector<Failure>& failures);
/// Rows for `count` more instances of a group.
void add_nodes(const Round& round, const Group& group, int count);
GroupStatus& status_of_group(const Round& round, const Group& group);  // made when missing

// BOOTSTRAPPING
void bootstrap(const Round& round);
/// True when every bootstrap action of the node has ended with 0.
bool bootstrap_node(const Round& round, Node& node, std::vector<Failure>& failures);
/// True when its daemons are there: the supervisor runs, and what is essential is healthy.
bool start_daemons(const Round& round, Node& node, std::vector<Failure>& failures);
bool services_up(const SeenNode& seen);  // the supervisor of its daemons runs
/// Once a plan: YARN and HDFS read again who belongs to the cluster and who leaves.
void tell_hadoop(const Round& round);
/// Takes BOOTSTRAPPING instances as far as RUNNING.
void bring_up_nodes(const Round& round, std::vector<Failure>& failures);
/// "the master instance (i-…)", "2 slave instances (including i-… and i-…)".
std::string instances_text(const Cluster& cluster, const std::vector<int>& nodes);
void fail_cluster(const Round& round, const std::vector<Failure>& failures);

// RUNNING and WAITING
/// Nodes that ended by themselves, or with the host. A lost primary ends the cluster.
void heal(const Round& round);
void scale(const Round& round);         // as many nodes as are wanted
void reconfigure(const Round& round);   // the configurations that are wanted
void tend_daemons(const Round& round);  // late starters, and those that were given up
void run_steps(const Round& round);
void ask_for_warm(const Round& round, const Step& step);  // of one that starts
void keep_warm(const Round& round);                       // a driver that is ready for the next one

// TERMINATING
void wind_down(const Round& round);
/// Shutdown actions, last logs, removal. True when nothing of the node is left in the world.
bool take_down(const Round& round, Node& node);
void end_node(const Round& round, Node& node, Reason reason);

/// Enters TERMINATING: pending steps are cancelled.
void begin_termination(const Round& round, Reason reason);
/// Looks at running steps' processes and moves those that ended; used while running and winding
/// down.
void settle_steps(const Round& round);
/// The primary's node and what was seen of it.
const SeenNode& primary_seen(const Round& round);
bool has_hadoop(const Cluster& cluster);
/// "instance group ig-… in Amazon EMR cluster j-… (name)": as EMR's events say it.
std::string in_words(const Cluster& cluster, const Group& group);
std::string minutes_since(const std::optional<base::Time>& since, base::Time now);

}  // namespace howdah::cluster::phase
