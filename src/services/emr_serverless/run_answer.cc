#include "services/emr_serverless/run_answer.h"

#include <algorithm>
#include <cmath>

#include "services/emr_serverless/emr_serverless.h"

namespace howdah::services::emr_serverless {
namespace {

using serverless::Attempt;

int64_t millis(const std::optional<base::Time>& time) { return time ? base::to_millis(*time) : 0; }

// As AWS shows hours: three digits.
double rounded(double hours) { return std::round(hours * 1000) / 1000; }

template <typename Answer>
Answer utilization(const serverless::Utilization& used) {
  Answer out;
  out.set_v_cpu_hour(rounded(used.vcpu_hours))
      .set_memory_gb_hour(rounded(used.memory_gb_hours))
      .set_storage_gb_hour(rounded(used.storage_gb_hours));
  return out;
}

// Whole seconds, begun ones too, that its attempts ran.
int64_t executed_seconds(const serverless::RunStatus& status) {
  int64_t sum = 0;
  for (const Attempt& attempt : status.attempts) {
    if (attempt.started && attempt.ended && *attempt.ended > *attempt.started)
      sum += (*attempt.ended - *attempt.started).count();
  }
  return (sum + 999) / 1000;
}

const char* type_of(const serverless::JobRun& run) {
  return run.wanted.hive ? "HIVE" : "SPARK_SUBMIT";
}

// What all three answers have; `at` is the attempt that they speak of.
template <typename Answer>
void fill(const serverless::Key& application, const serverless::JobRun& run, const char* state,
          const std::string& details, Answer& out) {
  out.set_application_id(application.id);
  if (!run.wanted.name.empty()) out.set_name(run.wanted.name);
  out.set_mode(run.wanted.mode)
      .set_arn(serverless::arn_of(application, run.id))
      .set_created_by(run.wanted.created_by)
      .set_execution_role(run.wanted.execution_role)
      .set_state(state)
      .set_state_details(details)
      .set_release_label(run.wanted.release_label);
}

wire::RetryPolicyBuilder retry_policy(const serverless::WantedRun& wanted) {
  wire::RetryPolicyBuilder out;
  if (wanted.mode == "STREAMING") {
    out.set_max_failed_attempts_per_hour(wanted.max_failures_per_hour);
  } else {
    out.set_max_attempts(wanted.max_attempts);
  }
  return out;
}

void fill_ended(const serverless::JobRun& run, wire::JobRun& out) {
  const serverless::RunStatus& status = run.status;
  if (status.ended) out.set_ended_at(millis(status.ended));
  const bool ended = serverless::is_terminal(status.state);
  if (ended) out.set_total_execution_duration_seconds(executed_seconds(status));
  if (ended || status.total != serverless::Utilization()) {
    out.set_total_resource_utilization(utilization<wire::TotalResourceUtilization>(status.total));
    out.set_billed_resource_utilization(utilization<wire::ResourceUtilization>(status.billed));
  }
}

}  // namespace

const Attempt* attempt_of(const serverless::JobRun& run, int64_t number) {
  const auto& attempts = run.status.attempts;
  const auto found = std::find_if(attempts.begin(), attempts.end(),
                                  [&](const Attempt& each) { return each.number == number; });
  return found == attempts.end() ? nullptr : &*found;
}

wire::JobRun run_answer(const serverless::Key& application, const serverless::JobRun& run,
                        const Attempt* attempt) {
  const bool current = !attempt || attempt == &run.status.attempts.back();
  if (!attempt && !run.status.attempts.empty()) attempt = &run.status.attempts.back();
  wire::JobRun out;
  fill(application, run, serverless::name_of(current ? state_of(run) : attempt->state),
       current ? run.status.details : attempt->details, out);
  out.set_job_run_id(run.id)
      .set_created_at(millis(run.status.created))
      .set_updated_at(millis(run.status.updated))
      .set_tags(run.wanted.tags)
      .set_execution_timeout_minutes(run.wanted.timeout_minutes)
      .set_queued_duration_milliseconds(run.status.queued_millis)
      .set_retry_policy(retry_policy(run.wanted));
  if (attempt) {
    out.set_attempt(attempt->number)
        .set_attempt_created_at(millis(attempt->created))
        .set_attempt_updated_at(millis(attempt->updated ? attempt->updated : attempt->created));
    if (attempt->started) out.set_started_at(millis(attempt->started));
    if (!current && attempt->ended) out.set_ended_at(millis(attempt->ended));
  }
  if (current) fill_ended(run, out);
  for (const char* member : {"jobDriver", "configurationOverrides", "executionIamPolicy"}) {
    if (const base::Json* value = base::find(run.wanted.request, member))
      out.raw()[member] = *value;
  }
  if (const base::Json* network =
          base::find(run.wanted.application_request, "networkConfiguration"))
    out.raw()["networkConfiguration"] = *network;
  return out;
}

wire::JobRunSummary run_summary(const serverless::Key& application, const serverless::JobRun& run) {
  wire::JobRunSummary out;
  fill(application, run, serverless::name_of(state_of(run)), run.status.details, out);
  out.set_id(run.id)
      .set_type(type_of(run))
      .set_created_at(millis(run.status.created))
      .set_updated_at(millis(run.status.updated));
  if (!run.status.attempts.empty()) {
    const Attempt& last = run.status.attempts.back();
    out.set_attempt(last.number)
        .set_attempt_created_at(millis(last.created))
        .set_attempt_updated_at(millis(last.updated ? last.updated : last.created));
  }
  return out;
}

wire::JobRunAttemptSummary attempt_summary(const serverless::Key& application,
                                           const serverless::JobRun& run, const Attempt& attempt) {
  const bool current = &attempt == &run.status.attempts.back();
  wire::JobRunAttemptSummary out;
  fill(application, run, serverless::name_of(current ? state_of(run) : attempt.state),
       current ? run.status.details : attempt.details, out);
  out.set_id(run.id)
      .set_type(type_of(run))
      .set_job_created_at(millis(run.status.created))
      .set_created_at(millis(attempt.created))
      .set_updated_at(millis(attempt.updated ? attempt.updated : attempt.created))
      .set_attempt(attempt.number);
  return out;
}

}  // namespace howdah::services::emr_serverless
