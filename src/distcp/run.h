#pragma once

// The program s3-dist-cp from its arguments to its exit code: find the files, plan, copy, write the
// manifest, delete the sources, in this order, each only when the one before is durable.
// Threads: one call a process (it handles SIGINT and SIGTERM: what is being written is removed).

#include <span>
#include <string>

#include "distcp/credentials.h"

namespace howdah::distcp {

/// 0: everything is copied. 1: not, or wrong options; standard error says what, where and why.
int run(std::span<const std::string> arguments, const Environment& environment);

}  // namespace howdah::distcp
