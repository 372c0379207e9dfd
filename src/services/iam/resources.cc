#include "services/iam/resources.h"

#include <fmt/format.h>

namespace howdah::services::iam {

using store::iam::Kind;

namespace {

std::string arn(std::string_view word, std::string_view path, std::string_view name) {
  return fmt::format("arn:aws:iam::{}:{}{}{}", store::iam::kAccount, word, path, name);
}

std::string entity_arn(store::iam::Iam& store, Kind kind, std::string_view word,
                       std::string_view name, std::string_view new_path) {
  if (auto entity = store.entity(kind, name)) return entity->arn;
  return arn(word, new_path, name);
}

}  // namespace

std::string resource_of(store::iam::Iam& store, std::string_view operation,
                        const base::JsonObject& input, std::string_view principal_arn) {
  const std::string_view path = base::text_at(input, "Path", "/");
  // An operation on a profile also names the role it is to hold: the profile is the resource.
  if (const auto name = base::text_at(input, "InstanceProfileName"); !name.empty()) {
    if (auto profile = store.instance_profile(name)) return profile->arn;
    return arn("instance-profile", path, name);
  }
  if (const auto name = base::text_at(input, "RoleName"); !name.empty()) {
    return entity_arn(store, Kind::kRole, "role", name, path);
  }
  if (const auto name = base::text_at(input, "GroupName"); !name.empty()) {
    return entity_arn(store, Kind::kGroup, "group", name, path);
  }
  if (const auto name = base::text_at(input, "UserName"); !name.empty()) {
    return entity_arn(store, Kind::kUser, "user", name, path);
  }
  if (const auto given = base::text_at(input, "PolicyArn"); !given.empty()) {
    return std::string(given);
  }
  if (operation == "CreatePolicy") return arn("policy", path, base::text_at(input, "PolicyName"));
  if (const auto source = base::text_at(input, "PolicySourceArn"); !source.empty()) {
    return std::string(source);
  }
  // Without a name these are about the caller itself.
  for (std::string_view own : {"GetUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey",
                               "DeleteAccessKey", "GetLoginProfile"}) {
    if (operation == own) return std::string(principal_arn);
  }
  return "*";
}

}  // namespace howdah::services::iam
