#pragma once

// The names that engines.h had before; for the server until it uses the new ones. Ownership,
// threads, failure: as there.

#include "control/clusters/engines.h"

namespace howdah::control {

using SparkEnginesOptions = EnginesOptions;

inline base::Result<std::unique_ptr<Engines>> make_spark_engines(SparkEnginesOptions options,
                                                                 const apps::Releases& releases,
                                                                 const apps::InstanceTypes& types) {
  return make_engines(std::move(options), releases, types);
}

}  // namespace howdah::control
