#pragma once

// Warm drivers, as whoever keeps them decides: JVMs that have loaded Spark and wait for one job
// (src/warm). What one takes of the host, and which one a command could use. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace howdah::job {

/// Bytes that an idle one takes, and that stay free of the host while another is made.
inline constexpr uint64_t kWarmDriverTakes = 520ull * 1024 * 1024;
inline constexpr uint64_t kWarmDriverLeaves = 2048ull * 1024 * 1024;
/// Nobody keeps one for longer after it was last asked for.
inline constexpr base::Millis kWarmDriverKept = std::chrono::minutes(15);

/// Where a driver of that name says inside its node how far it is: "ready", "key.json" …
/// (src/warm/driver.h)
std::string warm_driver_file(std::string_view driver, std::string_view file);

/// A JVM takes it in at its start, so that none that was started before has it: an option of
/// spark-submit ("--jars"), and a setting, with or without its value ("spark.jars=a.jar").
bool is_cold_option(std::string_view option);
bool is_cold_setting(std::string_view setting);

/// The heap of a warm driver that could serve this spark-submit: "4g", in lower case; empty: the
/// node's own default. nullopt: it is not spark-submit, or asks for what no JVM has that was
/// started before (jars, packages, JVM options, another user). A guess that spares making one
/// for nothing: the node decides (warm/options.h).
std::optional<std::string> warm_driver_heap(const std::vector<std::string>& argv);

}  // namespace howdah::job
