// GetJobRun, ListJobRuns, ListJobRunAttempts, CancelJobRun, GetDashboardForJobRun.

#include <fmt/format.h>

#include "services/emr_serverless/emr_serverless.h"
#include "services/emr_serverless/errors.h"
#include "services/emr_serverless/run_answer.h"

namespace howdah::services::emr_serverless {
namespace {

using serverless::Attempt;
using serverless::JobRun;

constexpr size_t kPage = 50;  // maxResults' largest

base::Error no_such_attempt(const JobRun& run, int64_t number) {
  return {base::Code::kNotFound,
          fmt::format("Attempt {} of job run {} does not exist", number, run.id),
          "ResourceNotFoundException",
          {}};
}

// nullptr: none was asked for.
base::Result<const Attempt*> asked_attempt(const JobRun& run,
                                           const std::optional<int64_t>& number) {
  if (!number) return static_cast<const Attempt*>(nullptr);
  const Attempt* found = attempt_of(run, *number);
  if (!found) return no_such_attempt(run, *number);
  return found;
}

}  // namespace

base::Result<wire::GetJobRunOutput> EmrServerless::get_job_run(const aws::Context& context,
                                                               const wire::GetJobRunInput& input) {
  const JobRun run = TRY(find_run(context, input.application_id(), input.job_run_id()));
  const Attempt* attempt = TRY(asked_attempt(run, input.attempt()));
  wire::GetJobRunOutput out;
  out.set_job_run(run_answer(key_of(context, input.application_id()), run, attempt));
  return out;
}

base::Result<wire::ListJobRunsOutput> EmrServerless::list_job_runs(
    const aws::Context& context, const wire::ListJobRunsInput& input) {
  const serverless::Key key = key_of(context, input.application_id());
  store::RunFilter filter;
  if (const auto time = input.created_at_after()) filter.created_after = base::from_millis(*time);
  if (const auto time = input.created_at_before()) filter.created_before = base::from_millis(*time);
  for (const std::string& name : input.states()) {
    if (const auto state = serverless::run_state_of(name)) filter.states.push_back(*state);
  }
  filter.mode = input.mode().value_or("");
  auto page = o_.store.runs(key, filter, std::string(input.next_token().value_or("")),
                            static_cast<size_t>(input.max_results().value_or(kPage)));
  if (!page.ok()) return of_store(std::move(page).error(), key.id);
  std::vector<wire::JobRunSummary> found;
  for (const JobRun& run : page->rows) found.push_back(run_summary(key, run));
  wire::ListJobRunsOutput out;
  out.set_job_runs(std::move(found));
  if (!page->next.empty()) out.set_next_token(page->next);
  return out;
}

base::Result<wire::ListJobRunAttemptsOutput> EmrServerless::list_job_run_attempts(
    const aws::Context& context, const wire::ListJobRunAttemptsInput& input) {
  const serverless::Key key = key_of(context, input.application_id());
  const JobRun run = TRY(find_run(context, key.id, input.job_run_id()));
  int64_t before = INT64_MAX;
  if (const std::string_view token = input.next_token().value_or(""); !token.empty()) {
    const auto position = store::position_of(std::string(token));
    if (!position.ok()) return of_store(position.error(), key.id);
    before = position->first;
  }
  const auto limit = static_cast<size_t>(input.max_results().value_or(kPage));
  std::vector<wire::JobRunAttemptSummary> found;
  wire::ListJobRunAttemptsOutput out;
  int last = 0;
  for (auto at = run.status.attempts.rbegin(); at != run.status.attempts.rend(); ++at) {
    if (at->number >= before) continue;
    if (found.size() == limit) {
      out.set_next_token(store::marker_of(last, "attempt"));
      break;
    }
    found.push_back(attempt_summary(key, run, *at));
    last = at->number;
  }
  out.set_job_run_attempts(std::move(found));
  return out;
}

base::Result<wire::CancelJobRunOutput> EmrServerless::cancel_job_run(
    const aws::Context& context, const wire::CancelJobRunInput& input) {
  const serverless::Key key = key_of(context, input.application_id());
  const int64_t grace = input.shutdown_grace_period_in_seconds().value_or(0);
  if (grace < 0) return validation("shutdownGracePeriodInSeconds must not be negative.");
  auto run = o_.store.change_run(
      key, std::string(input.job_run_id()),
      [&](serverless::WantedRun& wanted, const serverless::RunStatus& status) -> base::Status {
        if (serverless::is_terminal(status.state)) {
          return validation(fmt::format("Job run {} cannot be cancelled. Current status: {}",
                                        input.job_run_id(), serverless::name_of(status.state)));
        }
        if (wanted.cancel) return base::ok();  // the first one's time holds
        wanted.cancel = true;
        wanted.grace_seconds = grace;
        return base::ok();
      });
  if (!run.ok()) return of_store(std::move(run).error(), key.id, input.job_run_id());
  wire::CancelJobRunOutput out;
  out.set_application_id(key.id).set_job_run_id(run->id);
  return out;
}

base::Result<wire::GetDashboardForJobRunOutput> EmrServerless::get_dashboard_for_job_run(
    const aws::Context& context, const wire::GetDashboardForJobRunInput& input) {
  const serverless::Key key = key_of(context, input.application_id());
  const JobRun run = TRY(find_run(context, key.id, input.job_run_id()));
  const Attempt* attempt = TRY(asked_attempt(run, input.attempt()));
  if (!o_.dashboard) return validation("The web interface of a job run cannot be shown here yet.");
  const int number = attempt                       ? attempt->number
                     : run.status.attempts.empty() ? 1
                                                   : run.status.attempts.back().number;
  wire::GetDashboardForJobRunOutput out;
  out.set_url(TRY(o_.dashboard(key, run.id, number)));
  return out;
}

}  // namespace howdah::services::emr_serverless
