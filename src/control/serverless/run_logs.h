#pragma once

// RunLogs over the object store and this server's own folder: EMR Serverless's layout in S3, the
// managed store that is kept for 30 days, log streams for whoever reads those.
// Source: EMR Serverless User Guide, "Storing logs" (layout, refresh, archived pieces).
// Threads: concurrent calls for different runs.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "control/serverless/world.h"
#include "objects/object_store.h"

namespace howdah::control {

/// Lines that were added to one file of a run, for a log stream.
struct LogLines {
  serverless::Key application;
  std::string group;   // "/aws/emr-serverless"
  std::string stream;  // "<prefix>/applications/…/jobs/…/SPARK_DRIVER/stdout"
  std::string text;    // whole lines
};

struct RunLogsOptions {
  objects::ObjectStore& objects;
  nodes::Provider& nodes;
  std::filesystem::path folder;  // of the managed store
  std::function<base::Status(const LogLines&)> stream = {};
};

std::unique_ptr<RunLogs> make_run_logs(RunLogsOptions options);

/// Where the managed store keeps a run's files: "<folder>/<application>/<run>".
std::filesystem::path managed_folder(const std::filesystem::path& folder,
                                     const serverless::Key& application, const std::string& run);
/// And those of one attempt: the first's in the run's folder itself, later ones' in
/// "attempts/<n>" there. Event logs are below "sparklogs".
std::filesystem::path managed_folder(const std::filesystem::path& folder,
                                     const serverless::Key& application, const std::string& run,
                                     int attempt);

/// "applications/…/jobs/…/", with "attempts/<n>/" for runs that may have several. Pure.
std::string run_prefix(const serverless::Key& application, const serverless::JobRun& run,
                       int attempt);

}  // namespace howdah::control
