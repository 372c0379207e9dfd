// STARTING: the engine is installed, the host has room, the node is made.

#include <fmt/format.h>

#include "cluster/plan/plan.h"

namespace howdah::cluster::phase {
namespace {

// A changed message is an event of its own only where it says something new for good.
void say(Plan& plan, std::string message) { plan.next.status.reason = {"", std::move(message)}; }

void engine_failed(Plan& plan, const Seen& seen, base::Time now) {
  plan.next.status.errors.push_back(
      {"ENGINE_INSTALL_FAILED",
       {{"component", "install"}, {"release-label", plan.next.wanted.release_label}},
       seen.engine.text});
  begin_termination(plan, {"VALIDATION_ERROR", seen.engine.text}, now);
}

void node_failed(Plan& plan, const Seen& seen, base::Time now) {
  const std::string id = instance_id(plan.next);
  plan.next.status.errors.push_back({"APPLICATION_PROVISIONING_FAILED",
                                     {{"component", "node"}, {"instance-id", id}},
                                     seen.node_error});
  begin_termination(
      plan,
      {"BOOTSTRAP_FAILURE",
       fmt::format("On the master instance ({}), application provisioning failed", id)},
      now);
}

}  // namespace

void provision(Plan& plan, const Seen& seen, base::Time now) {
  Status& status = plan.next.status;
  if (!plan.next.wanted.terminate.empty()) {
    return begin_termination(plan, {"USER_REQUEST", "Terminated by user request"}, now);
  }
  switch (seen.engine.state) {
    case Seen::Engine::State::kFailed:
      return engine_failed(plan, seen, now);
    case Seen::Engine::State::kMissing:
      say(plan, "Preparing the download of the release's applications");
      plan.actions.push_back({Action::Kind::kInstallEngine});
      plan.look_again = base::Millis(500);
      return;
    case Seen::Engine::State::kInstalling:
      say(plan, seen.engine.text);
      plan.actions.push_back(
          {Action::Kind::kInstallEngine});  // it is single-flight: asking again repairs a crash
      plan.look_again = base::Millis(500);
      return;
    case Seen::Engine::State::kInstalled:
      break;
  }
  if (!status.admitted && !seen.capacity) {
    say(plan, seen.capacity_reason);
    plan.look_again = base::Millis(30000);  // it is woken when another cluster goes
    return;
  }
  status.admitted = true;
  status.node_wanted = true;
  if (!seen.node_error.empty()) return node_failed(plan, seen, now);
  if (!seen.node_alive) {
    say(plan, "Provisioning Amazon EC2 capacity");
    plan.actions.push_back({Action::Kind::kEnsureNode});
    return;
  }
  advance_instance(plan.next, InstanceState::kBootstrapping, now, plan.events);
  advance(plan.next, State::kBootstrapping, {"", "Running bootstrap actions"}, now, plan.events);
}

}  // namespace howdah::cluster::phase
