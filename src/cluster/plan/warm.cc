// A primary-only cluster keeps one warm driver in its node for the next spark-submit step: made
// when no step is there to be slowed down, at most one a step that could have used one. A process
// of the node like any other, but nobody waits for it, and its failure is nobody's.

#include <fmt/format.h>

#include <algorithm>

#include "cluster/plan/phase.h"
#include "job/warm_driver.h"

namespace howdah::cluster::phase {
namespace {

// By then a step's spark-submit has taken the driver, or another one's.
constexpr base::Millis kTaking{5000};
constexpr base::Millis kLook{5000};

bool is_live(const Step& step) {
  return step.state == StepState::kRunning || step.state == StepState::kCancelPending;
}

Process::State state_of(const SeenNode& node, const std::string& process) {
  const auto it = node.processes.find(process);
  return it == node.processes.end() ? Process::State::kUnknown : it->second.state;
}

bool any_may_take_it(const Round& round, const SeenNode& primary) {
  const auto& steps = round.next().steps;
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    if (!is_live(step)) return false;
    const auto it = primary.processes.find(process_of_step(step));
    return it == primary.processes.end() || it->second.running_for < kTaking;
  });
}

// Why a driver that waits is to go; nullptr: it may stay.
const char* why_ended(const Round& round, const Node& node, const SeenNode& primary) {
  const Warm& warm = round.status().warm;
  if (!primary.can_be_warm) return "no driver is kept ready here any more";
  if (warm.has != warm.heap) return "the last step asked for another heap";
  if (warm.version != node.configurations_version || node.applying != -1)
    return "the configurations changed";
  if (round.seen.memory_short) return "this host is short of memory";
  if (round.seen.idle >= job::kWarmDriverKept) return "no step came";
  return nullptr;
}

void tend(const Round& round, const Node& node, const SeenNode& primary) {
  Warm& warm = round.status().warm;
  round.again_in(kLook);
  if (!primary.warm_waits || any_may_take_it(round, primary)) return;
  const char* why = why_ended(round, node, primary);
  if (why && !warm.ended) {
    warm.ended = true;
    round.say(node.instance_id, "warm",
              fmt::format("{} is ended: {}", process_of_warm(warm.number), why));
  }
  if (warm.ended && state_of(primary, process_of_warm_end(warm.number)) == Process::State::kUnknown)
    round.act(Action::Kind::kEndWarm, node, warm.number);
}

}  // namespace

void ask_for_warm(const Round& round, const Step& step) {
  const auto launch = job::launch(step.jar, {.applications = round.next().wanted.applications});
  const auto heap = launch.ok() ? job::warm_driver_heap(launch->argv) : std::nullopt;
  if (!heap) return;
  round.status().warm.heap = *heap;
  round.status().warm.wanted = true;
}

void keep_warm(const Round& round) {
  Warm& warm = round.status().warm;
  const Node* node = primary_of(round.next());
  if (!node || (!warm.wanted && warm.number == 0)) return;
  const SeenNode& primary = round.of(*node);
  if (!primary.alive || !primary.attached || node->returning) return;
  const Process::State latest =
      warm.number == 0 ? Process::State::kExited : state_of(primary, process_of_warm(warm.number));
  if (latest == Process::State::kRunning) return tend(round, *node, primary);
  const auto& steps = round.next().steps;
  const bool busy = std::any_of(steps.begin(), steps.end(),
                                [](const Step& step) { return !is_terminal(step.state); });
  const bool again = latest == Process::State::kUnknown;  // it was decided on and not yet started
  if (busy || (!warm.wanted && !again) || !primary.can_be_warm || node->applying != -1) return;
  if (!round.seen.memory_for_warm) return round.again_in(kLook);
  if (!again) ++warm.number;
  warm.wanted = warm.ended = false;
  warm.has = warm.heap;
  warm.version = node->configurations_version;
  round.act(Action::Kind::kStartWarm, *node, warm.number);
  round.again_in(kLook);
}

}  // namespace howdah::cluster::phase
