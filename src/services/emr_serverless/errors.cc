#include "services/emr_serverless/errors.h"

#include <fmt/format.h>

namespace howdah::services::emr_serverless {
namespace {

base::Error not_found(std::string message) {
  return {base::Code::kNotFound, std::move(message), "ResourceNotFoundException", {}};
}

}  // namespace

base::Error validation(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "ValidationException", {}};
}
base::Error no_such_application(std::string_view id) {
  return not_found(fmt::format("Application {} does not exist", id));
}
base::Error no_such_run(std::string_view id) {
  return not_found(fmt::format("Job run {} does not exist", id));
}
base::Error no_such_session(std::string_view id) {
  return not_found(fmt::format("Session {} does not exist", id));
}
base::Error conflict(std::string_view client_token) {
  return {base::Code::kAlreadyExists,
          fmt::format("The client token {} was used before with other parameters", client_token),
          "ConflictException",
          {}};
}

base::Error wrong_state(std::string_view id, std::string_view statuses,
                        serverless::ApplicationState now) {
  return validation(fmt::format(
      "Application {} must be in one of the following statuses [{}]. Current status: {}", id,
      statuses, serverless::name_of(now)));
}

base::Error of_store(base::Error error, std::string_view application, std::string_view run,
                     std::string_view client_token) {
  if (!error.reason.empty()) return error;
  switch (error.code) {
    case base::Code::kNotFound:
      return !run.empty() && error.message.starts_with("Job run ")
                 ? no_such_run(run)
                 : no_such_application(application);
    case base::Code::kAlreadyExists:
      return conflict(client_token);
    case base::Code::kInvalidArgument:
      return validation("Invalid nextToken");
    default:
      return error;
  }
}

}  // namespace howdah::services::emr_serverless
