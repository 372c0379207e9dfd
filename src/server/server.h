#pragma once

// The composition root: opens what is kept, wires who needs whom, listens, and runs until it is
// asked to stop. The only code that knows everybody.

#include "cli/cli.h"

namespace howdah::server {

/// Runs the server of one data directory; returns its exit code. Prints its endpoint as the first
/// line of stdout once it answers. SIGTERM and SIGINT end it; nodes and their jobs go on.
int serve(const cli::ServeOptions& options);

}  // namespace howdah::server
