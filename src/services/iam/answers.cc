#include "services/iam/answers.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"

namespace howdah::services::iam {

using store::iam::Entity;

namespace {
wire::AttachedPermissionsBoundary boundary(std::string_view arn) {
  wire::AttachedPermissionsBoundary out;
  out.set_permissions_boundary_type("Policy").set_permissions_boundary_arn(arn);
  return out;
}
}  // namespace

std::string encoded(std::string_view document) { return base::percent_encode(document); }

wire::Role to_role(const Entity& role, bool whole) {
  wire::Role out;
  out.set_path(role.path)
      .set_role_name(role.name)
      .set_role_id(role.id)
      .set_arn(role.arn)
      .set_create_date(base::to_millis(role.created))
      .set_assume_role_policy_document(encoded(role.trust))
      .set_max_session_duration(role.max_session_seconds);
  if (!role.description.empty()) out.set_description(role.description);
  if (!whole) return out;
  if (!role.tags.empty()) out.set_tags(to_tags(role.tags));
  if (!role.boundary.empty()) out.set_permissions_boundary(boundary(role.boundary));
  return out;
}

wire::User to_user(const Entity& user, bool whole) {
  wire::User out;
  out.set_path(user.path)
      .set_user_name(user.name)
      .set_user_id(user.id)
      .set_arn(user.arn)
      .set_create_date(base::to_millis(user.created));
  if (!whole) return out;
  if (!user.tags.empty()) out.set_tags(to_tags(user.tags));
  if (!user.boundary.empty()) out.set_permissions_boundary(boundary(user.boundary));
  return out;
}

wire::Group to_group(const Entity& group) {
  wire::Group out;
  out.set_path(group.path)
      .set_group_name(group.name)
      .set_group_id(group.id)
      .set_arn(group.arn)
      .set_create_date(base::to_millis(group.created));
  return out;
}

wire::InstanceProfile to_profile(const store::iam::InstanceProfile& profile, bool whole) {
  wire::InstanceProfile out;
  std::vector<wire::Role> roles;
  if (profile.role) roles.push_back(to_role(*profile.role, false));
  out.set_path(profile.path)
      .set_instance_profile_name(profile.name)
      .set_instance_profile_id(profile.id)
      .set_arn(profile.arn)
      .set_create_date(base::to_millis(profile.created))
      .set_roles(std::move(roles));
  if (whole && !profile.tags.empty()) out.set_tags(to_tags(profile.tags));
  return out;
}

wire::Policy to_policy(const store::iam::ManagedPolicy& policy, bool whole) {
  wire::Policy out;
  out.set_policy_name(policy.name)
      .set_policy_id(policy.id)
      .set_arn(policy.arn)
      .set_path(policy.path)
      .set_default_version_id(fmt::format("v{}", policy.default_version))
      .set_attachment_count(policy.attachments)
      .set_permissions_boundary_usage_count(policy.boundaries)
      .set_is_attachable(true)
      .set_create_date(base::to_millis(policy.created))
      .set_update_date(base::to_millis(policy.updated));
  if (!whole) return out;
  if (!policy.description.empty()) out.set_description(policy.description);
  out.set_tags(to_tags(policy.tags));
  return out;
}

wire::PolicyVersion to_version(const store::iam::PolicyVersion& version, bool document) {
  wire::PolicyVersion out;
  if (document) out.set_document(encoded(version.document));
  out.set_version_id(fmt::format("v{}", version.number))
      .set_is_default_version(version.is_default)
      .set_create_date(base::to_millis(version.created));
  return out;
}

std::vector<wire::TagBuilder> to_tags(const std::vector<store::iam::Tag>& tags) {
  std::vector<wire::TagBuilder> out;
  for (const auto& tag : tags) {
    wire::TagBuilder one;
    one.set_key(tag.key).set_value(tag.value);
    out.push_back(std::move(one));
  }
  return out;
}

base::Result<std::vector<store::iam::Tag>> tags_in(const aws::View& input) {
  std::vector<store::iam::Tag> out;
  std::set<std::string> keys;
  const base::JsonArray* list = base::find_array(input.raw(), "Tags");
  if (!list) return out;
  for (const base::Json& item : *list) {
    const base::JsonObject* tag = item.if_object();
    if (!tag) continue;  // the validator has refused it
    const std::string_view key = base::text_at(*tag, "Key");
    if (!keys.insert(base::to_lower(key)).second) {
      return base::Error{
          base::Code::kInvalidArgument,
          "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
          "InvalidInput",
          {}};
    }
    out.push_back({std::string(key), std::string(base::text_at(*tag, "Value"))});
  }
  return out;
}

std::string_view name_member(Kind kind) {
  switch (kind) {
    case Kind::kRole:
      return "RoleName";
    case Kind::kGroup:
      return "GroupName";
    case Kind::kPolicy:
      return "PolicyArn";
    case Kind::kInstanceProfile:
      return "InstanceProfileName";
    default:
      return "UserName";
  }
}

std::string_view name_in(Kind kind, const aws::View& input) {
  return base::text_at(input.raw(), name_member(kind));
}

base::Result<std::string> user_in(const aws::View& input, const aws::Context& context) {
  const std::string_view name = name_in(Kind::kUser, input);
  if (!name.empty()) return std::string(name);
  const std::string_view arn = context.principal_arn;
  const size_t user = arn.find(":user/");
  if (user == std::string_view::npos) {
    return base::Error{base::Code::kInvalidArgument,
                       "Must specify userName when calling with non-User credentials",
                       "ValidationError",
                       {}};
  }
  return std::string(arn.substr(arn.rfind('/') + 1));
}

std::string_view path_in(const aws::View& input) { return base::text_at(input.raw(), "Path", "/"); }
std::string_view path_prefix_in(const aws::View& input) {
  return base::text_at(input.raw(), "PathPrefix", "/");
}

}  // namespace howdah::services::iam
