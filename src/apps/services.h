#pragma once

// The folder of a daemon for runit, as files of a node: <services>/<unit>/{run,finish[,down]}. What
// all daemons do alike is in runtime/node/run-daemon and daemon-ended; `run` only says what is
// particular. Pure.

#include <map>
#include <string>
#include <vector>

#include "apps/application.h"
#include "apps/node_view.h"

namespace howdah::apps {

/// Where they lie inside a node; control reads supervise/stat, supervise/pid and `ended` there.
inline constexpr const char* kServicesFolder = "/mnt/var/lib/howdah/services";

/// `java_arguments`: a file of arguments for the JVM (class path, archive), or empty.
std::vector<File> service_files(const std::string& application, const DaemonTemplate& daemon,
                                const std::string& java_arguments,
                                const std::map<std::string, std::string>& facts);
Daemon daemon_of(const std::string& application, const DaemonTemplate& daemon,
                 const std::map<std::string, std::string>& facts);

}  // namespace howdah::apps
