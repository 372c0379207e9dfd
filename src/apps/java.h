#pragma once

// Which Java of this host an application runs on. Looks, starts nothing. Threads: stateless.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::apps {

/// The major version that a Java's `release` file states ("JAVA_VERSION=\"17.0.9\"" is 17,
/// "1.8.0_402" is 8); 0 when it states none.
int java_major(std::string_view release_file);

/// A Java of exactly `major`: $JAVA_HOME, then /usr/lib/jvm, then `java` in PATH; symbolic links
/// resolved. kFailedPrecondition names the Debian package that is missing.
base::Result<std::filesystem::path> find_java(int major);
/// The same with the places given: for tests.
base::Result<std::filesystem::path> find_java(int major,
                                              const std::vector<std::filesystem::path>& candidates);

}  // namespace howdah::apps
