#include "services/emr/errors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"

namespace howdah::services::emr {

base::Error validation(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "ValidationException", {}};
}

base::Error invalid_request(std::string message, std::string_view error_code) {
  return {base::Code::kInvalidArgument,
          std::move(message),
          "InvalidRequestException",
          {{"ErrorCode", std::string(error_code)}}};
}

base::Error no_such_cluster(std::string_view id) {
  return invalid_request(fmt::format("Cluster id '{}' is not valid.", id), "NoSuchCluster");
}

base::Error no_such_step(std::string_view id) {
  return invalid_request(fmt::format("Step id '{}' is not valid.", id), "NoSuchStep");
}

base::Error no_such_job_flow(std::string_view id) {
  const bool well_formed = id.starts_with("j-") && id.size() > 2 &&
                           id.find_first_not_of(base::kUpperAlnum, 2) == id.npos;
  return validation(well_formed ? "Specified job flow ID does not exist."
                                : "Specified job flow ID not valid.");
}

base::Error no_such_group(std::string_view id) {
  return invalid_request(fmt::format("Instance group id '{}' is not valid.", id),
                         "NoSuchInstanceGroup");
}

base::Error no_such_fleet(std::string_view id) {
  return invalid_request(fmt::format("Instance fleet id '{}' is not valid.", id),
                         "NoSuchInstanceFleet");
}

namespace {

// The code is Amazon's (seen in answers of ListInstanceGroups).
base::Error collection(std::string_view is, std::string_view code, std::string_view operation,
                       std::string_view instead) {
  return invalid_request(
      fmt::format("Instance fleets and instance groups are mutually exclusive. The EMR cluster "
                  "specified in the request uses instance {}. The {} operation does not support "
                  "clusters that use instance {}. Use the {} operation instead.",
                  is, operation, is, instead),
      code);
}

}  // namespace

base::Error fleets_not_supported(std::string_view operation, std::string_view instead) {
  return collection("fleets", "API_DOES_NOT_SUPPORT_INSTANCE_FLEET_CLUSTERS", operation, instead);
}

base::Error groups_not_supported(std::string_view operation, std::string_view instead) {
  return collection("groups", "API_DOES_NOT_SUPPORT_INSTANCE_GROUP_CLUSTERS", operation, instead);
}

base::Error as_invalid_request(base::Error error) {
  if (error.reason != "ValidationException") return error;
  return invalid_request(std::move(error.message));
}

base::Error may_not_be_modified() {
  return validation(
      "A job flow that is shutting down, terminated, or finished may not be modified.");
}

base::Error bad_marker() { return invalid_request("Invalid marker.", "InvalidMarker"); }

base::Error of_cluster(base::Error error, std::string_view cluster_id, std::string_view step_id) {
  if (!error.reason.empty()) return error;
  if (error.code == base::Code::kNotFound) {
    const bool step = !step_id.empty() && error.message.starts_with("Step ");
    return step ? no_such_step(step_id) : no_such_cluster(cluster_id);
  }
  if (error.code == base::Code::kInvalidArgument) return bad_marker();
  return error;
}

base::Error of_job_flow(base::Error error, std::string_view job_flow_id) {
  if (error.reason.empty() && error.code == base::Code::kNotFound)
    return no_such_job_flow(job_flow_id);
  return error;
}

}  // namespace howdah::services::emr
