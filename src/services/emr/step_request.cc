#include "services/emr/step_request.h"

#include <fmt/format.h>

#include "services/emr/errors.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

cluster::OnFailure on_failure(std::string_view action) {
  if (action == "CONTINUE") return cluster::OnFailure::kContinue;
  if (action == "CANCEL_AND_WAIT") return cluster::OnFailure::kCancelAndWait;
  return cluster::OnFailure::kTerminateCluster;  // TERMINATE_CLUSTER, its old name
                                                 // TERMINATE_JOB_FLOW, none
}

base::Status check_action(const wire::StepConfig& step, int concurrency) {
  const auto action = step.action_on_failure();
  if (concurrency <= 1 || action.value_or("CONTINUE") == "CONTINUE") return base::ok();
  return validation(
      fmt::format("The ActionOnFailure setting {} of step '{}' is not valid: with a step "
                  "concurrency level above 1 (here {}) only "
                  "CONTINUE is.",
                  *action, step.name(), concurrency));
}

base::Status check_size(const wire::StepConfig& step) {
  const wire::HadoopJarStepConfig jar = step.hadoop_jar_step();
  size_t total = jar.jar().size() + jar.main_class().value_or("").size();
  for (const std::string& arg : jar.args()) total += arg.size();
  for (const auto& property : jar.properties()) {
    total += property.key().value_or("").size() + property.value().value_or("").size();
  }
  if (total <= kMostStepCharacters) return base::ok();
  return validation(
      fmt::format("The string values of the HadoopJarStep of step '{}' have {} characters; they "
                  "cannot exceed a total of {}. Put "
                  "long arguments into a file on Amazon S3 and pass its name.",
                  step.name(), total, kMostStepCharacters));
}

}  // namespace

base::Status check_log_uri(std::string_view member, std::string_view uri) {
  for (std::string_view scheme : {"s3://", "s3n://", "s3a://"}) {
    if (!uri.starts_with(scheme)) continue;
    const std::string_view rest = uri.substr(scheme.size());
    if (!rest.empty() && rest.front() != '/') return base::ok();
  }
  return validation(fmt::format(
      "{} '{}' is not valid: it must be a location in Amazon S3, such as s3://bucket/logs/.",
      member, uri));
}

base::Result<std::vector<store::NewStep>> check_steps(const aws::Views<wire::StepConfig>& steps,
                                                      int concurrency,
                                                      std::string_view execution_role,
                                                      base::Ids& ids) {
  std::vector<store::NewStep> out;
  for (const wire::StepConfig& config : steps) {
    TRY(check_action(config, concurrency));
    TRY(check_size(config));
    const wire::HadoopJarStepConfig jar = config.hadoop_jar_step();
    if (jar.jar().empty()) return validation(fmt::format("Step '{}' names no Jar.", config.name()));
    store::NewStep step;
    step.config = config.raw();
    step.step.id = "s-" + ids.token(base::kUpperAlnum, 13);
    step.step.name = config.name();
    step.step.on_failure = concurrency > 1 ? cluster::OnFailure::kContinue
                                           : on_failure(config.action_on_failure().value_or(""));
    step.step.jar.jar = jar.jar();
    step.step.jar.main_class = jar.main_class().value_or("");
    step.step.jar.args = jar.args();
    for (const auto& property : jar.properties()) {
      step.step.jar.properties.emplace_back(property.key().value_or(""),
                                            property.value().value_or(""));
    }
    step.step.execution_role = execution_role;
    if (const auto monitoring = config.step_monitoring_configuration()) {
      if (const auto s3 = monitoring->s3_monitoring_configuration()) {
        if (s3->encryption_key_arn().value_or("") != "") {
          return validation(
              "EncryptionKeyArn is refused: the logs of steps are not encrypted with AWS KMS keys "
              "here.");
        }
        step.step.log_uri = s3->log_uri().value_or("");
        if (!step.step.log_uri.empty()) TRY(check_log_uri("LogUri", step.step.log_uri));
      }
    }
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace howdah::services::emr
