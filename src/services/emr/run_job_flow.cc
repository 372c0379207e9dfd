// RunJobFlow: everything is checked first, then one transaction makes the cluster with its steps.

#include <fmt/format.h>

#include "base/text.h"
#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/group_request.h"
#include "services/emr/request_check.h"
#include "services/emr/step_request.h"

namespace howdah::services::emr {
namespace {

bool is_missing(const base::Error& error) {
  return error.code == base::Code::kNotFound || error.reason == "NoSuchEntity";
}

}  // namespace

base::Result<std::string> Emr::check_passed_role(const aws::Context& context, std::string_view role,
                                                 const base::Error& unknown) {
  auto found = iam_.role(bare_name(role));
  if (!found.ok() && !is_missing(found.error())) return std::move(found).error();
  const std::string arn =
      found.ok() ? found->arn
                 : fmt::format("arn:aws:iam::{}:role/{}", context.account, bare_name(role));
  // Who may not pass it learns nothing of whether it exists.
  TRY(context.allow("iam:PassRole", arn));
  if (!found.ok() || (role.starts_with("arn:") && role != arn)) return unknown;
  return arn;
}

base::Status Emr::check_roles(const aws::Context& context, const wire::RunJobFlowInput& input) {
  const std::string_view profile_name = input.job_flow_role().value_or("");
  const std::string_view service_role = input.service_role().value_or("");
  if (profile_name.empty()) return validation("InstanceProfile is required for creating cluster.");
  if (service_role.empty()) return validation("ServiceRole is required for creating cluster.");
  auto profile = iam_.instance_profile(bare_name(profile_name));
  if (!profile.ok() && !is_missing(profile.error())) return std::move(profile).error();
  const bool same =
      profile.ok() && (!profile_name.starts_with("arn:") || profile->arn == profile_name);
  if (!same || !profile->role)
    return validation(fmt::format("Invalid InstanceProfile: {}.", profile_name));
  TRY(context.allow("iam:PassRole", profile->role->arn));
  TRY(check_passed_role(context, service_role,
                        validation(fmt::format("Invalid ServiceRole: {}.", service_role))));
  return base::ok();
}

base::Result<wire::RunJobFlowOutput> Emr::run_job_flow(const aws::Context& context,
                                                       const wire::RunJobFlowInput& input) {
  cluster::Wanted wanted;
  TRY(check_plain_members(input, wanted));
  TRY(check_release(input, releases_, wanted));
  TRY(check_refused_members(input));
  TRY(check_instances(input, instance_types_, wanted));
  TRY(check_nodes_can_join(releases_, wanted));
  TRY(check_roles(context, input));
  std::string step_role;
  if (const auto arn = input.step_execution_role_arn()) {
    step_role = TRY(check_passed_role(
        context, *arn, validation(fmt::format("Invalid StepExecutionRoleArn: {}.", *arn))));
  }
  const auto steps = TRY(check_steps(input.steps(), wanted.step_concurrency, step_role, ids_));
  if (steps.size() > kMostActiveSteps) {
    return validation(
        "Maximum number of active steps(State = 'Running', 'Pending' or 'Cancel_Pending') for "
        "cluster exceeded.");
  }

  give_ids(wanted.groups, ids_);
  const cluster::Key key = key_of(context, "j-" + ids_.token(base::kUpperAlnum, 13));
  const store::Retry retry{context.principal_arn, "RunJobFlow", context.invocation_id,
                           context.body_sha256};
  base::JsonObject answer = TRY(
      store_.create_cluster(key, wanted, input.raw(), steps, retry,
                            {{"JobFlowId", key.id}, {"ClusterArn", cluster::cluster_arn(key)}}));
  const bool made_now = base::text_at(answer, "JobFlowId") == key.id;
  const std::vector<std::string> warnings = members_without_effect(input, wanted);
  if (made_now && !warnings.empty()) TRY(store_.warn(key, base::join(warnings, "\n")));
  return wire::RunJobFlowOutput(std::move(answer));
}

}  // namespace howdah::services::emr
