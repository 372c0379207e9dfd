#pragma once

// Where a node's logs lie, inside it and in S3, and what EMR's controller log says.
// Sources: Management Guide, "View log files" (layout); the wording of controller logs as AWS
// writes it. Pure, but for append_controller_log and has_ended.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/plan/plan.h"
#include "job/launch.h"

namespace howdah::control {

inline constexpr const char* kStepFiles[] = {"controller", "syslog", "stderr", "stdout"};
inline constexpr const char* kBootstrapFiles[] = {"controller", "stderr", "stdout"};

std::filesystem::path step_log_folder(const std::string& step_id);  // /mnt/var/log/hadoop/steps/s-…
std::filesystem::path bootstrap_log_folder(int number);  // /mnt/var/log/bootstrap-actions/1

/// A LogUri taken apart: bucket, and prefix without slashes at its ends. nullopt: not an S3 URI.
struct LogPlace {
  std::string bucket;
  std::string prefix;  // may be empty
  std::string key(const std::string& rest) const {
    return prefix.empty() ? rest : prefix + "/" + rest;
  }
  std::string uri(const std::string& rest) const { return "s3://" + bucket + "/" + key(rest); }
};
std::optional<LogPlace> log_place(const std::string& log_uri);
/// The step's own, else the cluster's.
std::optional<LogPlace> log_place_of(const cluster::Cluster& cluster, const cluster::Step& step);

std::string step_key(const cluster::Cluster& cluster, const std::string& step_id,
                     const std::string& file);
std::string bootstrap_key(const cluster::Cluster& cluster, const std::string& instance_id,
                          int number, const std::string& file);

/// What the controller log says before and after the process.
std::string controller_begin(const cluster::Step& step, const job::Launch& launch, base::Time now);
std::string controller_refused(const cluster::Step& step, const std::string& why, base::Time now);
std::string controller_end(const cluster::Step& step, const cluster::Process& process,
                           base::Time now);

/// Appends `text` to an open log (provider.open_log) unless its end already holds `unless`.
base::Status append_once(int log, const std::string& text, const std::string& unless);

/// The last `limit` bytes of an open file.
std::string tail_of(int fd, size_t limit);

}  // namespace howdah::control
