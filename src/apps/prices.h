#pragma once

// What EMR Serverless costs, from apps/prices.json: list prices in USD of us-east-1, by
// architecture as EMR Serverless spells it. Prices of instances are in instance_types.h. Values,
// read once. Threads: const after loading.

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace howdah::apps {

struct WorkerPrice {
  double vcpu_hour = 0;
  double gb_hour = 0;          // of memory
  double storage_gb_hour = 0;  // above the 20 GB that a worker has for nothing
};

struct Prices {
  std::string region;                          // that they are of
  std::map<std::string, WorkerPrice> workers;  // "X86_64", "ARM64"

  /// kInvalidArgument naming the file when it is broken.
  static base::Result<Prices> load(const std::filesystem::path& apps_folder);
};

}  // namespace howdah::apps
