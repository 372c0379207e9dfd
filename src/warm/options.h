#pragma once

// spark-submit's command line, as far as it decides how the driver's JVM is started: the same
// reading as Spark's own launcher (SparkSubmitCommandBuilder, SparkSubmitOptionParser), without a
// JVM. What is not understood completely is Spark's own launcher's to run.
// Pure. Threads: values. Failure: a Verdict.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warm/start.h"

namespace howdah::warm {

struct Verdict {
  enum class Way {
    kOwn,   // Spark's own launcher: class path, libraries or master are not the fixed ones
    kCold,  // a JVM of its own, directly
    kWarm,  // a warm driver, when one of this key is there
  } way = Way::kOwn;
  std::string reason;  // why not warm
  int64_t heap_mib = 1024;
  std::vector<std::string> java_options;
};

/// Of what spark-defaults.conf says: the keys that decide. In the format of java.util.Properties.
std::map<std::string, std::string> parse_properties(std::string_view text);

/// A string of options as a shell would split it, as Spark's launcher does: quotes and backslashes.
/// nullopt when a quote is left open.
std::optional<std::vector<std::string>> split_options(std::string_view text);

/// The value of --properties-file, if any, so that the caller can read it first.
std::optional<std::string> properties_file(const Argv& arguments);

/// `defaults` is what the properties file says; `arguments` are without the program's name.
Verdict judge(const Argv& arguments, const Environment& environment,
              const std::map<std::string, std::string>& defaults);

}  // namespace howdah::warm
