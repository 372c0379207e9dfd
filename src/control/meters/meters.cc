#include "control/meters/meters.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::control {

using base::Status;
using cluster::Cluster;
using cluster::InstanceState;
using cluster::Role;

namespace {

constexpr base::Millis kEvery{60000};
constexpr const char* kNamespace = "AWS/ElasticMapReduce";

struct Nodes {
  bool wanted = false;  // there is a group of that role
  int running = 0, pending = 0;
};

Nodes nodes_of(const Cluster& cluster, Role role) {
  Nodes out;
  for (const cluster::Group& group : cluster.wanted.groups) {
    if (group.role != role) continue;
    out.wanted = true;
    int running = 0, there = 0;
    for (const cluster::Node* node : cluster::members_of(cluster, group.id)) {
      ++there;
      running += node->state == InstanceState::kRunning ? 1 : 0;
    }
    out.running += running;
    out.pending += std::max(group.count, there) - running;
  }
  return out;
}

double value_of(const std::vector<Measured>& all, std::string_view name) {
  const Measured* found = find(all, name);
  return found == nullptr ? 0 : found->value;
}

}  // namespace

std::vector<Measured> measure_rows(const Cluster& cluster, const std::vector<Measured>* hadoop) {
  std::vector<Measured> out;
  for (const auto& [role, name] :
       {std::pair{Role::kCore, "Core"}, std::pair{Role::kTask, "Task"}}) {
    const Nodes nodes = nodes_of(cluster, role);
    if (!nodes.wanted) continue;
    out.push_back({std::string(name) + "NodesRunning", double(nodes.running), "Count"});
    out.push_back({std::string(name) + "NodesPending", double(nodes.pending), "Count"});
  }
  const bool steps = !cluster.steps.empty();  // those that have not ended
  if (steps) {
    out.push_back({"IsIdle", 0, "None"});
  } else if (hadoop != nullptr) {
    const bool idle = value_of(*hadoop, "AppsRunning") == 0 &&
                      value_of(*hadoop, "AppsPending") == 0 &&
                      value_of(*hadoop, "ContainerAllocated") == 0;
    out.push_back({"IsIdle", idle ? 1.0 : 0.0, "None"});
  }
  return out;
}

void Meters::start() {
  thread_ = std::jthread([this](std::stop_token stop) {
    while (o_.clock.wait(kEvery, stop)) measure();
  });
}

void Meters::stop() { thread_ = std::jthread(); }

void Meters::measure() {
  const base::Time now = o_.clock.now();
  const auto note = [](const Status& done, const std::string& what) {
    if (!done.ok()) base::log_warn("meters", "{}: {}", what, done.error().message);
  };
  if (const auto keys = o_.store.unfinished(); keys.ok()) {
    for (const cluster::Key& key : *keys) {
      const auto loaded = o_.store.load(key);
      if (!loaded.ok()) continue;
      const cluster::State state = loaded->cluster.status.state;
      if (state == cluster::State::kRunning || state == cluster::State::kWaiting)
        note(measure(loaded->cluster, now), key.id);
    }
  }
  for (const auto& meter : more_) note(meter(now), "a meter");
  note(o_.telemetry.age(now), "telemetry's retention");
}

Status Meters::measure(const Cluster& cluster, base::Time now) {
  std::vector<Measured> all;
  const std::vector<Measured>* yarn = &all;  // without Hadoop: nothing to know of it
  if (o_.has_hadoop(cluster)) {
    const auto apps = o_.ask(cluster, kYarnPort, kYarnMetrics);
    auto read = apps.ok() ? read_yarn_metrics(*apps) : apps.error();
    if (read.ok()) {
      all = std::move(*read);
    } else {
      yarn = nullptr;
    }
  }
  std::vector<Measured> rows = measure_rows(cluster, yarn);
  all.insert(all.end(), rows.begin(), rows.end());
  if (o_.has_hadoop(cluster)) {
    if (const auto blocks = o_.ask(cluster, kHdfsPort, kHdfsMetrics); blocks.ok()) {
      if (const auto read = read_hdfs_metrics(*blocks); read.ok())
        all.insert(all.end(), read->begin(), read->end());
    }
  }
  std::vector<telemetry::MetricPoint> points;
  for (const Measured& one : all) {
    points.push_back({{kNamespace, one.name, {{"JobFlowId", cluster.key.id}}},
                      now,
                      telemetry::statistics_of(one.value),
                      one.unit,
                      false});
  }
  return o_.telemetry.put_metrics({cluster.key.account, cluster.key.region}, points);
}

}  // namespace howdah::control
