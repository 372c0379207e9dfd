#include "store/iam/errors.h"

#include <fmt/format.h>

namespace howdah::store::iam {

using base::Code;
using base::Error;

Error no_such_entity(std::string message) {
  return {Code::kNotFound, std::move(message), "NoSuchEntity", {}};
}
Error delete_conflict(std::string message) {
  return {Code::kFailedPrecondition, std::move(message), "DeleteConflict", {}};
}
Error limit_exceeded(std::string message) {
  return {Code::kResourceExhausted, std::move(message), "LimitExceeded", {}};
}

std::string_view word_for(Kind kind) {
  switch (kind) {
    case Kind::kRoot:
      return "root";
    case Kind::kUser:
      return "user";
    case Kind::kRole:
      return "role";
    case Kind::kGroup:
      return "group";
    case Kind::kPolicy:
      return "policy";
    case Kind::kInstanceProfile:
      return "instance profile";
  }
  return "";
}

Error not_found(Kind kind, std::string_view name) {
  if (kind == Kind::kPolicy) return no_such_entity(fmt::format("Policy {} was not found.", name));
  if (kind == Kind::kInstanceProfile) {
    return no_such_entity(fmt::format("Instance Profile {} cannot be found.", name));
  }
  return no_such_entity(fmt::format("The {} with name {} cannot be found.", word_for(kind), name));
}

Error already_exists(Kind kind, std::string_view name) {
  std::string message;
  switch (kind) {
    case Kind::kUser:
      message = fmt::format("User with name {} already exists.", name);
      break;
    case Kind::kRole:
      message = fmt::format("Role with name {} already exists.", name);
      break;
    case Kind::kGroup:
      message = fmt::format("Group with name {} already exists.", name);
      break;
    case Kind::kInstanceProfile:
      message = fmt::format("Instance Profile {} already exists.", name);
      break;
    default:
      message =
          fmt::format("A policy called {} already exists. Duplicate names are not allowed.", name);
  }
  return {Code::kAlreadyExists, std::move(message), "EntityAlreadyExists", {}};
}

Error not_yours(std::string_view policy_arn) {
  return {Code::kPermissionDenied,
          fmt::format("Policy {} is outside your own account.", policy_arn),
          "AccessDenied",
          {}};
}

}  // namespace howdah::store::iam
