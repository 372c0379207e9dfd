#include <fmt/format.h>

#include "services/emr/errors.h"
#include "services/emr/request_check.h"
#include "services/emr/step_request.h"
#include "services/emr/tag_check.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

constexpr size_t kMostBootstrapActions = 16;

bool is_script(std::string_view path) {
  if (path.starts_with("file:///") || (path.starts_with('/') && path.size() > 1)) return true;
  return check_log_uri("", path).ok() && path.find('/', path.find("://") + 3) != path.npos;
}

base::Status check_bootstrap_actions(const wire::RunJobFlowInput& input, cluster::Wanted& wanted) {
  if (input.bootstrap_actions().size() > kMostBootstrapActions) {
    return validation(fmt::format("{} bootstrap actions were supplied; the maximum is {}.",
                                  input.bootstrap_actions().size(), kMostBootstrapActions));
  }
  for (const wire::BootstrapActionConfig& action : input.bootstrap_actions()) {
    const wire::ScriptBootstrapActionConfig script = action.script_bootstrap_action();
    if (!is_script(script.path())) {
      return validation(
          fmt::format("The path '{}' of bootstrap action '{}' is not valid: it must be a location "
                      "in Amazon S3 or a path on the "
                      "instance.",
                      script.path(), action.name()));
    }
    wanted.bootstrap_actions.push_back(
        {std::string(action.name()), std::string(script.path()), script.args()});
  }
  return base::ok();
}

}  // namespace

base::Result<int64_t> idle_timeout_of(const std::optional<wire::AutoTerminationPolicy>& policy) {
  const int64_t seconds = policy ? policy->idle_timeout().value_or(3600) : 3600;
  if (seconds >= 60 && seconds <= 604800) return seconds;
  return validation(
      fmt::format("IdleTimeout {} is not valid: it must be from 60 to 604800 seconds (one minute "
                  "to seven days).",
                  seconds));
}

std::string_view bare_name(std::string_view name_or_arn) {
  const size_t slash = name_or_arn.rfind('/');
  return slash == name_or_arn.npos ? name_or_arn : name_or_arn.substr(slash + 1);
}

base::Status check_plain_members(const wire::RunJobFlowInput& input, cluster::Wanted& wanted) {
  wanted.name = input.name();
  if (const size_t bad = wanted.name.find_first_of("<>$|`"); bad != wanted.name.npos) {
    return validation(fmt::format(
        "The cluster name contains '{}': the characters <, >, $, | and ` are not allowed.",
        wanted.name[bad]));
  }
  wanted.log_uri = input.log_uri().value_or("");
  if (!wanted.log_uri.empty()) TRY(check_log_uri("LogUri", wanted.log_uri));
  const int64_t level = input.step_concurrency_level().value_or(1);
  if (level < 1 || level > 256) {
    return validation(
        fmt::format("Step concurrency level {} is not valid: it must be from 1 to 256.", level));
  }
  wanted.step_concurrency = static_cast<int>(level);
  wanted.visible_to_all_users = input.visible_to_all_users().value_or(true);
  wanted.job_flow_role = bare_name(input.job_flow_role().value_or(""));
  const wire::JobFlowInstancesConfig instances = input.instances();
  wanted.keep_alive = instances.keep_job_flow_alive_when_no_steps().value_or(false);
  wanted.termination_protected = instances.termination_protected().value_or(false);
  wanted.unhealthy_node_replacement = instances.unhealthy_node_replacement();
  if (const auto policy = input.auto_termination_policy()) {
    wanted.idle_timeout_seconds = TRY(idle_timeout_of(policy));
  }
  wanted.tags = TRY(check_tags(input.tags()));
  return check_bootstrap_actions(input, wanted);
}

}  // namespace howdah::services::emr
