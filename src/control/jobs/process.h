#pragma once

// What a provider says of a process, as decisions read it. Pure.

#include "job/process.h"
#include "nodes/provider.h"

namespace howdah::control {

/// All but running_for, which the caller measures.
job::Process process_of(const nodes::ProcessSeen& seen);

}  // namespace howdah::control
