#include "cli/applications.h"

#include <fmt/format.h>

#include "base/text.h"

namespace howdah::cli {

namespace {

constexpr const char* kApplications = "/applications";

std::string path_of(const std::string& application_id) {
  return fmt::format("{}/{}", kApplications, base::percent_encode(application_id));
}

ApplicationRow application_of(const base::JsonObject& application) {
  ApplicationRow row;
  row.id = base::text_at(application, "id");
  row.name = base::text_at(application, "name");
  row.state = base::text_at(application, "state");
  row.reason = base::text_at(application, "stateDetails");
  row.release = base::text_at(application, "releaseLabel");
  row.created = time_at(application, "createdAt");
  return row;
}

// A list calls "id" what the run itself calls "jobRunId".
RunRow run_of(const base::JsonObject& run, const std::string& application_id) {
  RunRow row;
  row.id = base::text_at(run, "jobRunId", base::text_at(run, "id"));
  row.name = base::text_at(run, "name");
  row.state = base::text_at(run, "state");
  row.reason = base::text_at(run, "stateDetails");
  row.application_id = application_id;
  row.attempt = base::int_at(run, "attempt", 1);
  row.started = time_at(run, "startedAt");
  row.ended = time_at(run, "endedAt");
  return row;
}

// An id of something else, or of nothing.
bool is_elsewhere(const base::Error& error) {
  return error.code == base::Code::kNotFound || error.code == base::Code::kInvalidArgument;
}

base::Result<RunRow> newest_run(Api& api, const std::string& application_id) {
  const base::JsonObject page =
      TRY(api.serverless(path_of(application_id) + "/jobruns?maxResults=1"));
  const base::JsonArray* found = base::find_array(page, "jobRuns");
  if (found == nullptr || found->empty() || !found->front().is_object())
    return base::not_found("the application " + application_id + " has no job runs yet");
  return describe_run(api, application_id, run_of(found->front().as_object(), application_id).id);
}

}  // namespace

bool is_serverless_id(std::string_view id) { return id.starts_with("00"); }

base::Result<std::vector<ApplicationRow>> list_applications(Api& api, bool all) {
  std::string path = kApplications;
  if (!all) {
    const char* before = "?states=";
    for (const char* state :
         {"CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED"}) {
      path += fmt::format("{}{}", before, state);
      before = "&states=";
    }
  }
  std::vector<ApplicationRow> rows;
  for (const base::Json& each : TRY(api.serverless_all(path, "applications"))) {
    if (each.is_object()) rows.push_back(application_of(each.as_object()));
  }
  return rows;
}

base::Result<std::vector<RunRow>> list_runs(Api& api, const std::string& application_id) {
  std::vector<RunRow> rows;
  for (const base::Json& each :
       TRY(api.serverless_all(path_of(application_id) + "/jobruns", "jobRuns"))) {
    if (each.is_object()) rows.push_back(run_of(each.as_object(), application_id));
  }
  return rows;
}

base::Result<RunRow> describe_run(Api& api, const std::string& application_id,
                                  const std::string& run_id) {
  const base::JsonObject found = TRY(api.serverless(
      fmt::format("{}/jobruns/{}", path_of(application_id), base::percent_encode(run_id))));
  const base::JsonObject* run = base::find_object(found, "jobRun");
  if (run == nullptr) return base::internal("the answer has no job run");
  return run_of(*run, application_id);
}

base::Result<RunRow> find_run(Api& api, const std::string& id) {
  if (const auto application = api.serverless(path_of(id)); application.ok()) {
    return newest_run(api, id);
  } else if (!is_elsewhere(application.error())) {
    return application.error();
  }
  for (const ApplicationRow& application : TRY(list_applications(api, true))) {
    auto found = describe_run(api, application.id, id);
    if (found.ok()) return found;
    if (!is_elsewhere(found.error())) return found.error();
  }
  return base::not_found("no application and no job run is " + id);
}

bool is_over(const RunRow& run) {
  return run.state == "SUCCESS" || run.state == "FAILED" || run.state == "CANCELLED";
}

std::string log_path(const RunRow& run, const std::string& file) {
  return fmt::format("/_howdah/logs/{}/{}/{}?attempt={}", run.application_id, run.id, file,
                     run.attempt);
}

}  // namespace howdah::cli
