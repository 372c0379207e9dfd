#pragma once

// What a node of Spark alone needs for a fast start of its drivers: /etc/howdah/spark-start.json,
// which howdah-submit and howdah-warm-driver read there (src/warm/start.h), and where those
// programs lie on this host. Failure: an empty path,
// a Status that costs nothing but time. Threads: stateless.

#include <filesystem>
#include <string>

#include "apps/install.h"
#include "base/result.h"

namespace howdah::apps {

/// Where a node shows the programs.
inline constexpr const char* kWarmProgramsInside = "/usr/lib/howdah-warm";
inline constexpr const char* kSparkStartFile = "/etc/howdah/spark-start.json";

/// The folder of howdah-submit, howdah-warm-driver and the JVM's half, beside this program:
/// installed, or in the build's tree. Empty: not there, and Spark starts as it does without them.
std::filesystem::path warm_programs();

/// A JVM of this Spark can be made ready before its job comes.
bool can_be_warm(const Installed& installed);

/// The contents of kSparkStartFile.
std::string spark_start(const Installed& installed);

/// Once: adds what the node's Python compiles Spark's own modules to, by
/// apps/spark/add_bytecode. `sources`: apps/spark; `root`: where Spark lies for good.
base::Status ensure_bytecode(const std::filesystem::path& sources,
                             const std::filesystem::path& root, const std::filesystem::path& log);

}  // namespace howdah::apps
