#include "serverless/plan/plan.h"

#include <algorithm>
#include <set>

#include "serverless/plan/phase.h"

namespace howdah::serverless {
namespace phase {

const SeenRun& Round::of(const JobRun& run) const {
  static const SeenRun kNothing;
  const auto it = seen.runs.find(run.id);
  return it == seen.runs.end() ? kNothing : it->second;
}

namespace {

// Nodes that no run has any more: of an ended attempt, or of a run that ended.
void remove_nodes(const Round& round) {
  std::set<std::string> wanted;
  for (const JobRun& run : round.next().runs) {
    if (!is_terminal(run.status.state) && !run.status.node.empty()) wanted.insert(run.status.node);
  }
  for (const std::string& node : round.seen.nodes) {
    if (wanted.contains(node)) continue;
    round.plan.actions.push_back({Action::Kind::kRemoveNode, {}, node, false, 0});
    round.again_in(base::Millis(200));
  }
}

}  // namespace
}  // namespace phase

Resources held(const Application& application) {
  Resources out;
  for (const JobRun& run : application.runs) {
    if (!is_active(run.status.state)) continue;
    out.vcpu += run.status.workers.vcpu;
    out.memory_gb += run.status.workers.memory_gb;
    out.disk_gb += run.status.workers.disk_gb;
  }
  return out;
}

Plan plan(const Application& application, const Seen& seen, base::Time now) {
  Plan out;
  out.next = application;
  const phase::Round round{out, seen, now};
  if (application.status.state == ApplicationState::kTerminated) return out;
  phase::settle(round);
  phase::start_application(round);
  phase::schedule(round);
  phase::size_executors(round);
  phase::stop_application(round);
  phase::remove_nodes(round);
  return out;
}

}  // namespace howdah::serverless
