#pragma once

// The daemons inside nodes as runit's files and a probe show them: runsv's state and pid, the ends
// that its `finish` has recorded, and whether the port answers. Ownership: borrows the provider.
// Threads: concurrent calls allowed; look() asks all of a node's daemons at once and blocks below a
// second. What it found healthy it believes for a moment.

#include <memory>
#include <string>
#include <string_view>

#include "control/clusters/world.h"

namespace howdah::control {

/// Where runit keeps a unit's state, inside the node.
inline constexpr const char* kServicesFolder = "/mnt/var/lib/howdah/services";

std::unique_ptr<Daemons> make_local_daemons(nodes::Provider& nodes, const base::Clock& clock);

/// What supervise/stat says: "run", "down, normally up", "run, got TERM", "finish".
enum class RunitState { kUnknown, kDown, kRun, kFinish };
RunitState runit_state_of(std::string_view stat);

/// What the file `ended` says, which runtime/node/daemon-ended writes; after five ends within a
/// minute it stops the daemon and makes the file `gave-up`: a line "<epoch-seconds> <exit-code>
/// <signal>" an end; runit gives -1 as the code of one that a signal has ended. Other lines are not
/// counted.
struct Ends {
  int count = 0;
  int64_t last = 0;   // epoch seconds
  int exit_code = 0;  // of the last
  int signal = 0;
};
Ends read_ends(std::string_view ended);

}  // namespace howdah::control
