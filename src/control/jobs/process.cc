#include "control/jobs/process.h"

namespace howdah::control {

job::Process process_of(const nodes::ProcessSeen& seen) {
  using Seen = nodes::ProcessSeen::State;
  using State = job::Process::State;
  job::Process out;
  out.state = seen.state == Seen::kRunning  ? State::kRunning
              : seen.state == Seen::kExited ? State::kExited
              : seen.state == Seen::kLost   ? State::kLost
                                            : State::kUnknown;
  out.exit_code = seen.exit_code;
  out.signal = seen.signal;
  out.out_of_memory = seen.out_of_memory;
  out.lost_reason = seen.reason;
  out.ended = seen.ended;
  return out;
}

}  // namespace howdah::control
