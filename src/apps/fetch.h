#pragma once

// Gets the files of a manifest that are not there yet through the ordinary clients, pip and Maven,
// so that the site's mirrors, proxies and credentials (pip.conf, settings.xml) are honoured: no
// registry is named here. All clients run at once; each file is verified before anybody uses it.
// Threads: one call at a time. Failure: the Error names the package, the cause and the client's
// log.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "apps/manifest.h"
#include "base/clock.h"
#include "base/result.h"

namespace howdah::apps {

struct FetchSpec {
  std::vector<Artifact> wanted;
  std::string python_version;       // of the wheels: "3.11"
  std::string machine;              // of the wheels: "x86_64"
  std::filesystem::path incoming;   // exists; files land here under Artifact::file
  std::filesystem::path scratch;    // exists; the clients' temporary files
  std::filesystem::path logs;       // exists; pip.log, maven.log, wheels.log
  std::string python;               // a Python that has pip
  std::filesystem::path java_home;  // for Maven
  std::function<void(uint64_t done_bytes)> on_bytes;  // every 200 ms
};

base::Status fetch(const FetchSpec& spec, base::Clock& clock);

/// SHA-256 and size as the manifest has them. On a difference the message names package, expected,
/// got.
base::Status verify(const Artifact& artifact, const std::filesystem::path& file);

/// The first of the candidates that can run `-m pip`; kFailedPrecondition names the Debian package.
base::Result<std::string> find_pip_python(const std::vector<std::string>& candidates,
                                          const std::filesystem::path& log);

// What fetch() runs, apart for tests.
std::vector<std::string> pip_source_argv(const FetchSpec& spec, const Artifact& artifact);
std::vector<std::string> pip_wheels_argv(const FetchSpec& spec,
                                         const std::vector<Artifact>& wheels);
std::string maven_project(const std::vector<Artifact>& jars);
/// The lines of a client's log that say why it failed: those that start with ERROR or [ERROR], else
/// the last ones; at most 600 characters.
std::string failure_in_log(std::string_view log);

}  // namespace howdah::apps
