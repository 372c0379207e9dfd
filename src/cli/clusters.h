#pragma once

// What the command line shows of clusters and steps: read through the EMR API, page by page.
// Values; the Api is borrowed for the call.

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/api.h"

namespace howdah::cli {

struct StepRow {
  std::string id;
  std::string name;
  std::string state;
  std::string reason;  // why it failed, or ""
  std::string log_file;
  std::string cluster_id;
  base::Time created{};
  base::Time started{};  // epoch: not started
  base::Time ended{};
};

struct ClusterRow {
  std::string id;
  std::string name;
  std::string state;
  std::string reason;
  base::Time created{};
};

/// Those that are not terminated; with `all`, the others too. Newest first.
base::Result<std::vector<ClusterRow>> list_clusters(Api& api, bool all);
/// Newest first, as AWS lists them.
base::Result<std::vector<StepRow>> list_steps(Api& api, const std::string& cluster_id);
base::Result<StepRow> describe_step(Api& api, const std::string& cluster_id,
                                    const std::string& step_id, bool held = false);
base::Result<ClusterRow> describe_cluster(Api& api, const std::string& cluster_id,
                                          bool held = false);
/// The cluster of a step; looks through all clusters. kNotFound names the step.
base::Result<StepRow> find_step(Api& api, const std::string& step_id);

bool is_over(const StepRow& step);
bool is_over(const ClusterRow& cluster);
bool is_busy(const StepRow& step);  // PENDING, RUNNING or about to be cancelled

std::string log_path(const StepRow& step, const std::string& file);
/// "s-…" and what else an id may be, for who typed none of them.
base::Error unknown_id(const std::string& id);

}  // namespace howdah::cli
