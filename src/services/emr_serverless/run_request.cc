#include "services/emr_serverless/run_request.h"

#include <fmt/format.h>

#include <limits>

#include "services/emr_serverless/application_request.h"
#include "services/emr_serverless/emr_serverless.h"
#include "services/emr_serverless/errors.h"
#include "services/emr_serverless/members.h"

namespace howdah::services::emr_serverless {
namespace {

using serverless::WantedRun;

constexpr int64_t kShortestTimeout = 5;  // minutes
constexpr char kStreaming[] = "STREAMING";
constexpr char kResilienceSince[] = "emr-7.1.0";  // User Guide, "Job resiliency"
constexpr int64_t kMostAttempts = 10;
constexpr int kUsualFailuresPerHour = 5;

base::Status check_driver(const wire::StartJobRunInput& input, const std::string& type,
                          WantedRun& wanted) {
  const auto driver = input.job_driver();
  const auto spark = driver ? driver->spark_submit() : std::nullopt;
  const auto hive = driver ? driver->hive() : std::nullopt;
  if (!spark && !hive) return validation("jobDriver must have one of sparkSubmit and hive.");
  if (spark && hive) return validation("jobDriver must have only one of sparkSubmit and hive.");
  if (spark && type != "Spark") {
    return validation(
        fmt::format("jobDriver sparkSubmit is not supported for an application of type {}.", type));
  }
  if (hive && type != "Hive") {
    return validation(
        fmt::format("jobDriver hive is not supported for an application of type {}.", type));
  }
  if (spark) {
    wanted.spark =
        serverless::SparkSubmit{std::string(spark->entry_point()), spark->entry_point_arguments(),
                                std::string(spark->spark_submit_parameters().value_or(""))};
  } else {
    wanted.hive = serverless::HiveQuery{std::string(hive->query()),
                                        std::string(hive->init_query_file().value_or("")),
                                        std::string(hive->parameters().value_or(""))};
  }
  return base::ok();
}

base::Status check_retries(const wire::StartJobRunInput& input, const std::string& label,
                           WantedRun& wanted) {
  const bool streaming = wanted.mode == kStreaming;
  const auto policy = input.retry_policy();
  if ((streaming || policy) && !at_least(label, kResilienceSince)) {
    return validation(fmt::format("{} is supported with release labels {} and above; this is {}.",
                                  streaming ? "mode STREAMING" : "retryPolicy", kResilienceSince,
                                  label));
  }
  if (streaming) {  // it may fail so often in an hour, and for ever
    wanted.max_attempts = std::numeric_limits<int>::max();
    wanted.max_failures_per_hour = kUsualFailuresPerHour;
  }
  if (!policy) return base::ok();
  const auto attempts = policy->max_attempts();
  const auto hourly = policy->max_failed_attempts_per_hour();
  if (attempts && streaming)
    return validation("retryPolicy.maxAttempts is only applicable for BATCH mode.");
  if (hourly && !streaming)
    return validation(
        "retryPolicy.maxFailedAttemptsPerHour is only applicable for STREAMING mode.");
  for (const auto& given : {attempts, hourly}) {
    if (given && *given > kMostAttempts) {
      return validation(
          fmt::format("retryPolicy allows {} attempts: the maximum is {}.", *given, kMostAttempts));
    }
  }
  if (attempts) wanted.max_attempts = static_cast<int>(*attempts);
  if (hourly) wanted.max_failures_per_hour = static_cast<int>(*hourly);
  return base::ok();
}

}  // namespace

base::Status check_takes_runs(const store::ApplicationRow& application) {
  using serverless::ApplicationState;
  const ApplicationState now = state_of(application.wanted, application.status);
  const bool going = now == ApplicationState::kStopping || now == ApplicationState::kTerminated;
  if (!application.wanted.auto_start && now != ApplicationState::kStarted) {
    base::Error error = wrong_state(application.key.id, "STARTED", now);
    if (!going) error.message += ". It does not start automatically: start it first";
    return error;
  }
  if (going) {
    return wrong_state(application.key.id, "CREATING, CREATED, STARTING, STARTED, STOPPED", now);
  }
  return base::ok();
}

base::JsonObject kept_of_application(const base::JsonObject& request) {
  base::JsonObject out;
  for (const char* member :
       {"networkConfiguration", "runtimeConfiguration", "monitoringConfiguration"}) {
    if (const base::Json* value = base::find(request, member)) out[member] = *value;
  }
  return out;
}

base::Result<WantedRun> run_from(const wire::StartJobRunInput& input,
                                 const store::ApplicationRow& application) {
  WantedRun out;
  out.request = input.raw();
  out.release_label = application.wanted.release_label;
  out.application_request = kept_of_application(application.wanted.request);
  out.name = input.name().value_or("");
  out.execution_role = input.execution_role_arn();
  out.tags = input.tags();
  out.mode = input.mode().value_or("BATCH");
  TRY(check_driver(input, application.wanted.type, out));
  TRY(check_retries(input, out.release_label, out));
  if (out.mode == kStreaming) out.timeout_minutes = 0;  // it runs until it is cancelled
  out.timeout_minutes = input.execution_timeout_minutes().value_or(out.timeout_minutes);
  if (out.timeout_minutes != 0 && out.timeout_minutes < kShortestTimeout)
    return validation(fmt::format("RunTimeout must be at least {} minutes.", kShortestTimeout));
  TRY(check_tags(out.tags));
  if (const auto overrides = input.configuration_overrides()) {
    TRY(check_refused_overrides(overrides->raw()));
    out.overrides = overrides->raw();
  }
  if (const auto policy = input.execution_iam_policy()) out.execution_policy = policy->raw();
  return out;
}

}  // namespace howdah::services::emr_serverless
