#include "serverless/worker_sizes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace howdah::serverless {
namespace {

constexpr WorkerSize kSizes[] = {
    {1, 2, 8, 1}, {2, 4, 16, 1}, {4, 8, 30, 1}, {8, 16, 60, 4}, {16, 32, 120, 8},
};

int most_disk(bool shuffle_optimized) {
  return shuffle_optimized ? kMostShuffleDiskGb : kMostDiskGb;
}

// 16, 20, 24 … up to the largest: 120 is 11 steps of 8 above 32.
bool has_memory(const WorkerSize& size, double gb) {
  return gb >= size.least_gb && gb <= size.most_gb &&
         std::fmod(gb - size.least_gb, size.step_gb) == 0;
}

}  // namespace

std::span<const WorkerSize> worker_sizes() { return kSizes; }

std::string why_unsupported(const Resources& worker, bool shuffle_optimized) {
  const auto size = std::find_if(std::begin(kSizes), std::end(kSizes),
                                 [&](const WorkerSize& each) { return each.vcpu == worker.vcpu; });
  if (size == std::end(kSizes)) {
    return fmt::format("{} vCPU is not supported: a worker has 1, 2, 4, 8 or 16 vCPU.",
                       worker.vcpu);
  }
  if (!has_memory(*size, worker.memory_gb)) {
    return fmt::format(
        "{} GB of memory is not supported with {} vCPU: minimum {} GB, maximum {} GB, in {} GB "
        "increments.",
        worker.memory_gb, size->vcpu, size->least_gb, size->most_gb, size->step_gb);
  }
  if (worker.disk_gb < kLeastDiskGb || worker.disk_gb > most_disk(shuffle_optimized)) {
    return fmt::format("{} GB of disk is not supported: {} GB to {} GB{}.", worker.disk_gb,
                       kLeastDiskGb, most_disk(shuffle_optimized),
                       shuffle_optimized ? " for a shuffle-optimized disk" : "");
  }
  return "";
}

std::optional<Resources> worker_for(const Resources& least, bool shuffle_optimized) {
  if (least.disk_gb > most_disk(shuffle_optimized)) return std::nullopt;
  for (const WorkerSize& size : kSizes) {
    if (size.vcpu < least.vcpu) continue;
    const double above = std::max(0.0, least.memory_gb - size.least_gb);
    const double memory = size.least_gb + std::ceil(above / size.step_gb) * size.step_gb;
    if (memory > size.most_gb) continue;
    return Resources{static_cast<double>(size.vcpu), memory,
                     std::max<double>(kLeastDiskGb, std::ceil(least.disk_gb))};
  }
  return std::nullopt;
}

std::optional<Resources> worker_for(int cores, int64_t heap_mib, int64_t overhead_mib,
                                    double disk_gb, bool shuffle_optimized) {
  constexpr double kMibOfGb = 1024;
  return worker_for({static_cast<double>(cores),
                     static_cast<double>(heap_mib + overhead_mib) / kMibOfGb, disk_gb},
                    shuffle_optimized);
}

}  // namespace howdah::serverless
