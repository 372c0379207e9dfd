#pragma once

// How a job's supervised process stands, as decisions need it.

#include <optional>
#include <string>

#include "base/clock.h"

namespace howdah::job {

struct Process {
  enum class State {
    kUnknown,  // nobody started it
    kRunning,
    kExited,  // exit_code, or signal, is set
    kLost     // it was started, does not run and left no exit status
  };
  State state = State::kUnknown;
  int exit_code = 0;
  int signal = 0;
  bool out_of_memory = false;
  std::string lost_reason;  // of kLost; of kExited when it could not be run at all
  std::optional<base::Time> ended;
  base::Millis running_for{0};  // by steady time
};

}  // namespace howdah::job
