#include "services/emr_serverless/members.h"

#include <fmt/format.h>

#include "services/emr_serverless/errors.h"

namespace howdah::services::emr_serverless {
namespace {

using base::JsonObject;

struct Member {
  std::vector<std::string_view> path;
  const char* why;
};

constexpr char kNoKeys[] = "nothing is encrypted with AWS KMS keys here";
constexpr char kNoImages[] =
    "workers are not made of container images here: leave it out, and the release's own is used";

// Absent, false, "" and empty ask for nothing.
bool asks(const JsonObject& object, const std::vector<std::string_view>& path) {
  const JsonObject* here = &object;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    here = base::find_object(*here, path[i]);
    if (!here) return false;
  }
  const base::Json* value = base::find(*here, path.back());
  if (!value) return false;
  if (const bool* flag = value->if_bool()) return *flag;
  if (const auto* text = value->if_string()) return !text->empty();
  if (const auto* array = value->if_array()) return !array->empty();
  if (const auto* inner = value->if_object()) return !inner->empty();
  return true;
}

std::string name_of(const std::vector<std::string_view>& path) {
  std::string out;
  for (std::string_view part : path) out += fmt::format("{}{}", out.empty() ? "" : ".", part);
  return out;
}

base::Status refuse(const JsonObject& object, const std::vector<Member>& members) {
  for (const Member& member : members) {
    if (asks(object, member.path)) {
      return validation(fmt::format("{} is refused: {}.", name_of(member.path), member.why));
    }
  }
  return base::ok();
}

std::vector<std::string> name_those(const JsonObject& object, const std::vector<Member>& members) {
  std::vector<std::string> out;
  for (const Member& member : members) {
    if (asks(object, member.path))
      out.push_back(fmt::format("{} has no effect here: {}.", name_of(member.path), member.why));
  }
  return out;
}

// Both an application and a run's overrides have a monitoringConfiguration.
base::Status check_monitoring(const JsonObject& holder) {
  constexpr std::string_view kMonitoring = "monitoringConfiguration";
  TRY(refuse(
      holder,
      {{{kMonitoring, "s3MonitoringConfiguration", "encryptionKeyArn"}, kNoKeys},
       {{kMonitoring, "managedPersistenceMonitoringConfiguration", "encryptionKeyArn"}, kNoKeys},
       {{kMonitoring, "cloudWatchLoggingConfiguration", "encryptionKeyArn"}, kNoKeys},
       {{"diskEncryptionConfiguration"}, kNoKeys}}));
  const JsonObject* monitoring = base::find_object(holder, kMonitoring);
  const JsonObject* s3 =
      monitoring ? base::find_object(*monitoring, "s3MonitoringConfiguration") : nullptr;
  const std::string_view uri = s3 ? base::text_at(*s3, "logUri") : "";
  if (!uri.empty() && (!uri.starts_with("s3://") || uri.size() <= 5 || uri[5] == '/')) {
    return validation(
        fmt::format("Invalid logUri '{}': it must be of the form s3://bucket/prefix", uri));
  }
  return base::ok();
}

const Member kPrometheus = {
    {"monitoringConfiguration", "prometheusMonitoringConfiguration", "remoteWriteUrl"},
    "Amazon Managed Service for Prometheus is not written to; this server has /metrics"};

}  // namespace

base::Status check_refused_members(const JsonObject& application) {
  TRY(refuse(application,
             {{{"imageConfiguration", "imageUri"}, kNoImages},
              {{"identityCenterConfiguration"}, "there is no IAM Identity Center here"},
              {{"interactiveConfiguration", "sessionEnabled"},
               "interactive sessions cannot be started here yet"}}));
  if (const JsonObject* types = base::find_object(application, "workerTypeSpecifications")) {
    for (const auto& [type, specification] : *types) {
      if (specification.is_object() &&
          asks(specification.get_object(), {"imageConfiguration", "imageUri"})) {
        return validation(
            fmt::format("workerTypeSpecifications.{}.imageConfiguration.imageUri is refused: {}.",
                        std::string_view(type), kNoImages));
      }
    }
  }
  return check_monitoring(application);
}

std::vector<std::string> members_without_effect(const JsonObject& application) {
  return name_those(
      application,
      {{{"networkConfiguration"},
        "workers are in a network of this host: no subnet and no security group is asked"},
       {{"interactiveConfiguration", "studioEnabled"}, "there is no EMR Studio here yet"},
       {{"interactiveConfiguration", "livyEndpointEnabled"}, "there is no Livy endpoint here yet"},
       {{"jobLevelCostAllocationConfiguration", "enabled"},
        "nothing is billed; what a run used is in its billedResourceUtilization"},
       kPrometheus});
}

base::Status check_refused_overrides(const JsonObject& overrides) {
  return check_monitoring(overrides);
}

std::vector<std::string> overrides_without_effect(const JsonObject& overrides) {
  return name_those(overrides, {kPrometheus});
}

}  // namespace howdah::services::emr_serverless
