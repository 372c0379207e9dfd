#pragma once

// Where a node's logs lie, inside it and in S3, and what EMR's controller log says.
// Sources: Management Guide, "View log files" (layout); the wording of controller logs as AWS
// writes it. Pure.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/plan/plan.h"
#include "control/jobs/log_place.h"
#include "job/launch.h"

namespace howdah::control {

inline constexpr const char* kStepFiles[] = {"controller", "syslog", "stderr", "stdout"};
inline constexpr const char* kBootstrapFiles[] = {"controller", "stderr", "stdout"};

std::filesystem::path step_log_folder(const std::string& step_id);  // /mnt/var/log/hadoop/steps/s-…
std::filesystem::path bootstrap_log_folder(int number);  // /mnt/var/log/bootstrap-actions/1

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

}  // namespace howdah::control
