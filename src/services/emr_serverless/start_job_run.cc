// StartJobRun: everything is checked first, then one transaction makes the run.

#include <fmt/format.h>

#include "base/text.h"
#include "iam/evaluate.h"
#include "services/emr_serverless/emr_serverless.h"
#include "services/emr_serverless/errors.h"
#include "services/emr_serverless/members.h"
#include "services/emr_serverless/run_request.h"
#include "store/iam/session_policies.h"

namespace howdah::services::emr_serverless {
namespace {

constexpr char kServicePrincipal[] = "emr-serverless.amazonaws.com";

bool is_missing(const base::Error& error) {
  return error.code == base::Code::kNotFound || error.reason == "NoSuchEntity";
}

// The account of arn:aws:iam::ACCOUNT:role/NAME.
std::string_view account_of(std::string_view arn) {
  const auto parts = base::split(arn, ':');
  return parts.size() > 4 ? parts[4] : std::string_view();
}

// The role lets the service run jobs of the application as it.
bool trusts_service(const store::iam::Entity& role, const serverless::Key& application) {
  const auto trust = iam::parse_policy(role.trust, iam::DocumentKind::kTrust);
  if (!trust.ok()) return false;
  iam::Context facts;
  facts.set("aws:SourceAccount", application.account);
  facts.set("aws:SourceArn", serverless::arn_of(application));
  return iam::evaluate_trust(*trust, {"", "", "", kServicePrincipal},
                             {"sts:AssumeRole", role.arn, facts}) == iam::Trust::kPrincipal;
}

}  // namespace

base::Status EmrServerless::check_role(const aws::Context& context,
                                       const serverless::Key& application, std::string_view arn) {
  if (account_of(arn) != context.account) {
    return base::Error{base::Code::kPermissionDenied,
                       "Cross-account pass role is not allowed.",
                       "AccessDeniedException",
                       {}};
  }
  auto role = o_.iam.role(arn.substr(arn.rfind('/') + 1));
  if (!role.ok() && !is_missing(role.error())) return std::move(role).error();
  // Who may not pass it learns nothing of whether it exists.
  TRY(context.allow("iam:PassRole", arn));
  if (!role.ok() || role->arn != arn || !trusts_service(*role, application)) {
    return validation(fmt::format(
        "Could not assume runtime role {} because it does not exist or isn't setup with "
        "the required trust relationship.",
        arn));
  }
  return base::ok();
}

base::Status EmrServerless::check_execution_policy(const wire::StartJobRunInput& input) {
  const auto policy = input.execution_iam_policy();
  if (!policy) return base::ok();
  auto documents =
      store::iam::session_policies(o_.iam, policy->policy().value_or(""), policy->policy_arns());
  if (!documents.ok()) {
    if (!is_missing(documents.error())) return std::move(documents).error();
    return validation(
        fmt::format("Invalid executionIamPolicy.policyArns: {}", documents.error().message));
  }
  for (const std::string& document : documents->value_or(std::vector<std::string>())) {
    const auto parsed = iam::parse_policy(document, iam::DocumentKind::kIdentity);
    if (!parsed.ok()) {
      return validation(
          fmt::format("Invalid executionIamPolicy.policy: {}", parsed.error().message));
    }
  }
  return base::ok();
}

base::Result<wire::StartJobRunOutput> EmrServerless::start_job_run(
    const aws::Context& context, const wire::StartJobRunInput& input) {
  const std::string_view id = input.application_id();
  const store::ApplicationRow row = TRY(find_application(context, id));
  serverless::JobRun run;
  run.wanted = TRY(run_from(input, row));
  TRY(check_role(context, row.key, input.execution_role_arn()));
  TRY(check_execution_policy(input));
  run.id = new_id();
  run.wanted.created_by = context.principal_arn;
  auto made = o_.store.start_run(
      row.key, run, std::string(input.client_token()),
      [&](const store::ApplicationRow& now, size_t) { return check_takes_runs(now); });
  if (!made.ok()) return of_store(std::move(made).error(), id, {}, input.client_token());
  const std::vector<std::string> warnings = overrides_without_effect(run.wanted.overrides);
  if (made->id == run.id && !warnings.empty())
    TRY(o_.store.warn(row.key, run.id, base::join(warnings, "\n")));
  wire::StartJobRunOutput out;
  out.set_application_id(row.key.id)
      .set_job_run_id(made->id)
      .set_arn(serverless::arn_of(row.key, made->id));
  return out;
}

}  // namespace howdah::services::emr_serverless
