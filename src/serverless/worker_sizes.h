#pragma once

// What one worker may be: its vCPU, the memory that goes with them, its disk; and what a Spark
// driver or executor is rounded up to. Source: EMR Serverless User Guide, "Supported worker
// configurations" and "Using shuffle-optimized disks". Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "serverless/serverless.h"

namespace howdah::serverless {

struct WorkerSize {
  int vcpu;
  int least_gb;
  int most_gb;
  int step_gb;
};

std::span<const WorkerSize> worker_sizes();  // by vCPU

inline constexpr int kLeastDiskGb = 20;
inline constexpr int kMostDiskGb = 200;
inline constexpr int kMostShuffleDiskGb = 2000;

/// Why `worker` is not a supported one, in a sentence that says what is; "" when it is.
std::string why_unsupported(const Resources& worker, bool shuffle_optimized);

/// The smallest supported worker that has at least as much of everything; nullopt when none has.
std::optional<Resources> worker_for(const Resources& least, bool shuffle_optimized = false);

/// The same of a driver or an executor: its cores, its heap with the overhead beside it (MiB; a GB
/// of memory is 1024 of them), its disk in GB.
std::optional<Resources> worker_for(int cores, int64_t heap_mib, int64_t overhead_mib,
                                    double disk_gb, bool shuffle_optimized = false);

}  // namespace howdah::serverless
