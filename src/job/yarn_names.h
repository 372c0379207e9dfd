#pragma once

// Names that YARN gives, and where a node keeps the logs that bear them. Pure; any bytes are safe.
// Source: Hadoop's ApplicationId and ContainerId.

#include <string>
#include <string_view>
#include <vector>

namespace howdah::job {

/// "application_<digits>_<digits>", and nothing that a path or a query could misunderstand.
bool is_application_id(std::string_view text);

/// "container_1700000000000_0001_01_000001", also with an epoch ("container_e17_…"): its
/// application; empty when it is no container.
std::string application_of_container(std::string_view container);

/// Of containers' names: the one of number 000001 of the last attempt, where the driver of cluster
/// mode runs; empty when there is none.
std::string first_container(const std::vector<std::string>& names);

/// The applications that a log says were submitted ("Submitted application
/// application_1700000000000_0001"), in order, each once; at most 64.
std::vector<std::string> submitted_applications(std::string_view log);

/// Where a node keeps the logs of its containers: <application>/<container>/{stdout,stderr,syslog}.
inline constexpr const char* kContainersFolder = "/mnt/var/log/hadoop-yarn/containers";

/// In a step's log folder on the primary node, once it has ended: what its driver wrote in cluster
/// mode, and which container that was ("<application> <container>").
inline constexpr const char* kDriverStdout = "driver-stdout";
inline constexpr const char* kDriverStderr = "driver-stderr";
inline constexpr const char* kDriver = "driver";

}  // namespace howdah::job
