#pragma once

// What the Spark settings of a run come to: EMR Serverless's defaults, the application's runtime
// configuration, the run's applicationConfiguration and its sparkSubmitParameters, later ones
// winning; and from them the workers that the run asks for. Pure.
// Source: EMR Serverless User Guide, "Using Spark configurations when you run EMR Serverless jobs"
// (defaults, spark.emr-serverless.*) and "Default application configuration".

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "serverless/serverless.h"

namespace howdah::serverless {

using Properties = std::vector<std::pair<std::string, std::string>>;

struct SparkSettings {
  Properties properties;             // Spark's own, sorted by name; no master, nothing of `options`
  std::vector<std::string> options;  // of spark-submit: "--class", "x", "--jars", "a.jar,b.jar" …
  Properties environment;            // of the driver: spark.emr-serverless.driverEnv.*
  Properties log4j;                  // spark-driver-log4j2
  Resources driver, executor;        // worker sizes, with the memory beside the heap
  std::string driver_memory = "14G";
  std::string executor_memory = "14G";
  int executor_cores = 4;
  int64_t executors = 3;                 // asked for at the start
  std::optional<int64_t> max_executors;  // of dynamic allocation; nullopt: no limit
  bool dynamic = true;
  std::vector<std::string> notes;  // what was changed or has no effect, a sentence each
};

/// kInvalidArgument, in words for the user, when the parameters cannot be read or a size is none.
base::Result<SparkSettings> spark_settings(std::string_view release_label,
                                           const base::JsonArray& runtime_configuration,
                                           const base::JsonArray& application_configuration,
                                           std::string_view parameters);
base::Result<SparkSettings> spark_settings(const Application& application, const WantedRun& run);

/// The smallest worker with so many cores and so much memory (worker_sizes.h). What is beyond the
/// largest stays as it is: it is the user's maximum capacity that refuses it.
Resources worker_of(int cores, double memory_gb, double disk_gb);

/// "4g", "512m", "14G", "4096" (MiB): as Spark writes memory; in MiB, 0 when it is none.
int64_t mebibytes_of(std::string_view text);

/// How a run's workers run on this host.
struct Placement {
  bool local = true;
  int threads = 1;     // local: of local[n]
  std::string reason;  // for the log
};
/// A run whose workers fit one worker (16 vCPU, 120 GB, the driver's share included) runs in the
/// driver's own process; spark.howdah.placement = local | cluster decides otherwise.
Placement placement_of(const SparkSettings& settings, int host_cpus);

}  // namespace howdah::serverless
