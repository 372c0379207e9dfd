#pragma once

// What the command line shows of EMR Serverless's applications and job runs: read through its API,
// page by page. Values; the Api is borrowed for the call.

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/api.h"

namespace howdah::cli {

struct ApplicationRow {
  std::string id;
  std::string name;
  std::string state;
  std::string reason;
  std::string release;
  base::Time created{};
};

struct RunRow {
  std::string id;
  std::string name;
  std::string state;
  std::string reason;  // its stateDetails
  std::string application_id;
  int64_t attempt = 1;   // the last
  base::Time started{};  // that attempt; epoch: not started
  base::Time ended{};
};

/// True for what only EMR Serverless can have made: an application or a job run.
bool is_serverless_id(std::string_view id);

/// Those that are not terminated; with `all`, the others too. Newest first.
base::Result<std::vector<ApplicationRow>> list_applications(Api& api, bool all);
/// Newest first.
base::Result<std::vector<RunRow>> list_runs(Api& api, const std::string& application_id);
base::Result<RunRow> describe_run(Api& api, const std::string& application_id,
                                  const std::string& run_id);
/// The run that an id means: itself, looked for in all applications, or an application's newest.
/// kNotFound names the id.
base::Result<RunRow> find_run(Api& api, const std::string& id);

bool is_over(const RunRow& run);
std::string log_path(const RunRow& run, const std::string& file);

}  // namespace howdah::cli
