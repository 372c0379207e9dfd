// AddJobFlowSteps, DescribeStep, ListSteps, CancelSteps.

#include <fmt/format.h>

#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/step_request.h"

namespace howdah::services::emr {
namespace {

constexpr size_t kPage = 50;
constexpr size_t kMostAskedFor = 10;  // StepIds of ListSteps
constexpr size_t kMostCancelled = 256;

wire::HadoopStepConfig config_answer(const cluster::Step& step) {
  wire::HadoopStepConfig out;
  out.set_jar(step.jar.jar).set_args(step.jar.args);
  base::JsonObject properties;  // a list on the way in, a map on the way out
  for (const auto& [key, value] : step.jar.properties) properties[key] = value;
  out.set_properties(std::move(properties));
  if (!step.jar.main_class.empty()) out.set_main_class(step.jar.main_class);
  return out;
}

wire::StepStatus status_answer(const cluster::Step& step) {
  wire::StepStateChangeReason reason;
  if (!step.reason.empty()) reason.set_message(step.reason);
  wire::StepTimeline timeline;
  if (step.timeline.created)
    timeline.set_creation_date_time(base::to_millis(*step.timeline.created));
  if (step.timeline.ready) timeline.set_start_date_time(base::to_millis(*step.timeline.ready));
  if (step.timeline.ended) timeline.set_end_date_time(base::to_millis(*step.timeline.ended));
  wire::StepStatus out;
  out.set_state(cluster::name_of(step.state))
      .set_state_change_reason(std::move(reason))
      .set_timeline(std::move(timeline));
  if (step.state == cluster::StepState::kFailed) {
    wire::FailureDetails details;
    details.set_reason(step.failure_reason.empty() ? "Unknown Error" : step.failure_reason);
    if (!step.failure_message.empty()) details.set_message(step.failure_message);
    if (!step.failure_log.empty()) details.set_log_file(step.failure_log);
    out.set_failure_details(std::move(details));
  }
  return out;
}

const char* name_of(cluster::OnFailure action) {
  switch (action) {
    case cluster::OnFailure::kContinue:
      return "CONTINUE";
    case cluster::OnFailure::kCancelAndWait:
      return "CANCEL_AND_WAIT";
    case cluster::OnFailure::kTerminateCluster:
      break;
  }
  return "TERMINATE_CLUSTER";
}

template <typename Answer>
Answer step_answer(const store::StepRow& row) {
  const cluster::Step& step = row.step;
  Answer out;
  out.set_id(step.id)
      .set_name(step.name)
      .set_config(config_answer(step))
      .set_action_on_failure(base::text_at(row.config, "ActionOnFailure", name_of(step.on_failure)))
      .set_status(status_answer(step));
  if (!step.log_uri.empty()) out.set_log_uri(step.log_uri);
  return out;
}

// Empty: it may be cancelled.
std::string refusal(const cluster::Step* step) {
  if (!step) return "The step id is not valid: the cluster has no such step.";
  if (cluster::is_terminal(step->state)) {
    return fmt::format("The step is {}: only PENDING and RUNNING steps can be cancelled.",
                       cluster::name_of(step->state));
  }
  if (step->state == cluster::StepState::kCancelPending)
    return "The step is already being cancelled.";
  return "";
}

}  // namespace

base::Result<wire::AddJobFlowStepsOutput> Emr::add_job_flow_steps(
    const aws::Context& context, const wire::AddJobFlowStepsInput& input) {
  const cluster::Key key = key_of(context, input.job_flow_id());
  auto row = store_.cluster(key);
  if (!row.ok()) return of_job_flow(std::move(row).error(), input.job_flow_id());
  std::string role;
  if (const auto arn = input.execution_role_arn()) {
    role = TRY(check_passed_role(context, *arn,
                                 validation(fmt::format("Invalid ExecutionRoleArn: {}.", *arn))));
  }
  if (is_ending(row->wanted, row->status)) return may_not_be_modified();
  const auto steps = TRY(check_steps(input.steps(), row->wanted.step_concurrency, role, ids_));
  if (steps.empty()) return validation("Steps is empty: give at least one step.");
  base::JsonArray step_ids;
  for (const store::NewStep& step : steps) step_ids.push_back(base::Json(step.step.id));
  const store::Retry retry{context.principal_arn, "AddJobFlowSteps", context.invocation_id,
                           context.body_sha256};
  auto answer =
      store_.add_steps(key, steps,
                       [&](const store::ClusterRow& now, size_t unfinished) -> base::Status {
                         if (is_ending(now.wanted, now.status)) return may_not_be_modified();
                         if (unfinished + steps.size() > kMostActiveSteps) {
                           return validation(
                               "Maximum number of active steps(State = 'Running', 'Pending' or "
                               "'Cancel_Pending') for cluster exceeded.");
                         }
                         return base::ok();
                       },
                       retry, {{"StepIds", std::move(step_ids)}});
  if (!answer.ok()) return of_job_flow(std::move(answer).error(), input.job_flow_id());
  return wire::AddJobFlowStepsOutput(std::move(answer).value());
}

base::Result<wire::DescribeStepOutput> Emr::describe_step(const aws::Context& context,
                                                          const wire::DescribeStepInput& input) {
  const cluster::Key key = key_of(context, input.cluster_id());
  auto row = store_.step(key, std::string(input.step_id()));
  if (!row.ok()) return of_cluster(std::move(row).error(), input.cluster_id(), input.step_id());
  wire::DescribeStepOutput out;
  if (waiters_.hold(context, key, row->step)) return out;
  wire::Step step = step_answer<wire::Step>(*row);
  if (!row->step.execution_role.empty()) step.set_execution_role_arn(row->step.execution_role);
  out.set_step(std::move(step));
  return out;
}

base::Result<wire::ListStepsOutput> Emr::list_steps(const aws::Context& context,
                                                    const wire::ListStepsInput& input) {
  const std::vector<std::string> ids = input.step_ids();
  if (ids.size() > kMostAskedFor) {
    return invalid_request(fmt::format("StepIds has {} members; you can specify up to {}.",
                                       ids.size(), kMostAskedFor));
  }
  std::vector<cluster::StepState> states;
  for (const std::string& name : input.step_states()) {
    if (const auto state = cluster::step_state_of(name)) states.push_back(*state);
  }
  wire::ListStepsOutput out;
  // States that a step never has here (INTERRUPTED) match nothing.
  if (states.empty() && !input.step_states().empty()) {
    TRY(find_cluster(context, input.cluster_id()));
    out.set_steps(base::JsonArray());
    return out;
  }
  auto page = store_.steps(key_of(context, input.cluster_id()), ids, states,
                           std::string(input.marker().value_or("")), kPage);
  if (!page.ok()) return of_cluster(std::move(page).error(), input.cluster_id());
  std::vector<wire::StepSummary> found;
  for (const store::StepRow& row : page->rows) found.push_back(step_answer<wire::StepSummary>(row));
  out.set_steps(std::move(found));
  if (!page->next.empty()) out.set_marker(page->next);
  return out;
}

base::Result<wire::CancelStepsOutput> Emr::cancel_steps(const aws::Context& context,
                                                        const wire::CancelStepsInput& input) {
  const std::vector<std::string> ids = input.step_ids();
  if (ids.size() > kMostCancelled) {
    return invalid_request(
        fmt::format("StepIds has {} members; the maximum is {}.", ids.size(), kMostCancelled));
  }
  const auto how = input.step_cancellation_option().value_or("") == "TERMINATE_PROCESS"
                       ? cluster::Cancel::kKill
                       : cluster::Cancel::kInterrupt;
  auto outcomes = store_.cancel_steps(key_of(context, input.cluster_id()), ids, how, refusal);
  if (!outcomes.ok()) return of_cluster(std::move(outcomes).error(), input.cluster_id());
  std::vector<wire::CancelStepsInfo> infos;
  for (const auto& outcome : *outcomes) {
    wire::CancelStepsInfo info;
    info.set_step_id(outcome.step_id).set_status(outcome.submitted ? "SUBMITTED" : "FAILED");
    if (!outcome.submitted) info.set_reason(outcome.reason);
    infos.push_back(std::move(info));
  }
  wire::CancelStepsOutput out;
  out.set_cancel_steps_info_list(std::move(infos));
  return out;
}

}  // namespace howdah::services::emr
