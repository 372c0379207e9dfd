#include "services/iam/answers.h"
#include "services/iam/iam.h"
#include "services/iam/page.h"

namespace howdah::services::iam {

using base::Result;
using store::iam::Entity;
using store::iam::ManagedPolicy;
using store::iam::PolicyVersion;

Result<wire::CreatePolicyOutput> Iam::create_policy(const aws::Context&,
                                                    const wire::CreatePolicyInput& input) {
  ManagedPolicy policy;
  policy.name = input.policy_name();
  policy.path = path_in(input);
  policy.description = input.description().value_or("");
  policy.tags = TRY(tags_in(input));
  wire::CreatePolicyOutput out;
  out.set_policy(
      to_policy(TRY(store_.create_policy(std::move(policy), input.policy_document())), false));
  return out;
}

Result<wire::GetPolicyOutput> Iam::get_policy(const aws::Context&,
                                              const wire::GetPolicyInput& input) {
  wire::GetPolicyOutput out;
  out.set_policy(to_policy(TRY(store_.policy(input.policy_arn()))));
  return out;
}

Result<wire::ListPoliciesOutput> Iam::list_policies(const aws::Context&,
                                                    const wire::ListPoliciesInput& input) {
  std::vector<ManagedPolicy> all = TRY(store_.policies());
  const std::string_view scope = input.scope().value_or("All");
  const std::string_view usage = input.policy_usage_filter().value_or("");
  const std::string_view prefix = path_prefix_in(input);
  std::erase_if(all, [&](const ManagedPolicy& policy) {
    return !policy.path.starts_with(prefix) || (scope == "AWS" && !policy.aws) ||
           (scope == "Local" && policy.aws) ||
           (input.only_attached().value_or(false) && policy.attachments == 0) ||
           (usage == "PermissionsBoundary" && policy.boundaries == 0) ||
           (usage == "PermissionsPolicy" && policy.attachments == 0);
  });
  const auto policies =
      TRY(page(std::move(all), input, [](const ManagedPolicy& policy) { return policy.name; }));
  wire::ListPoliciesOutput out;
  out.set_policies(
      policies.map([](const ManagedPolicy& policy) { return to_policy(policy, false); }));
  policies.close(out);
  return out;
}

Result<wire::DeletePolicyOutput> Iam::delete_policy(const aws::Context&,
                                                    const wire::DeletePolicyInput& input) {
  TRY(store_.remove_policy(input.policy_arn()));
  return wire::DeletePolicyOutput();
}

Result<wire::CreatePolicyVersionOutput> Iam::create_policy_version(
    const aws::Context&, const wire::CreatePolicyVersionInput& input) {
  const PolicyVersion version = TRY(store_.create_policy_version(
      input.policy_arn(), input.policy_document(), input.set_as_default().value_or(false)));
  wire::CreatePolicyVersionOutput out;
  out.set_policy_version(to_version(version, false));
  return out;
}

Result<wire::GetPolicyVersionOutput> Iam::get_policy_version(
    const aws::Context&, const wire::GetPolicyVersionInput& input) {
  wire::GetPolicyVersionOutput out;
  out.set_policy_version(
      to_version(TRY(store_.policy_version(input.policy_arn(), input.version_id())), true));
  return out;
}

Result<wire::ListPolicyVersionsOutput> Iam::list_policy_versions(
    const aws::Context&, const wire::ListPolicyVersionsInput& input) {
  // Newest first: the page's key counts down.
  const auto versions = TRY(page(
      TRY(store_.policy_versions(input.policy_arn())), input,
      [](const PolicyVersion& version) { return std::to_string(1'000'000'000 - version.number); }));
  wire::ListPolicyVersionsOutput out;
  out.set_versions(
      versions.map([](const PolicyVersion& version) { return to_version(version, false); }));
  versions.close(out);
  return out;
}

Result<wire::SetDefaultPolicyVersionOutput> Iam::set_default_policy_version(
    const aws::Context&, const wire::SetDefaultPolicyVersionInput& input) {
  TRY(store_.set_default_version(input.policy_arn(), input.version_id()));
  return wire::SetDefaultPolicyVersionOutput();
}

Result<wire::DeletePolicyVersionOutput> Iam::delete_policy_version(
    const aws::Context&, const wire::DeletePolicyVersionInput& input) {
  TRY(store_.remove_policy_version(input.policy_arn(), input.version_id()));
  return wire::DeletePolicyVersionOutput();
}

Result<wire::ListEntitiesForPolicyOutput> Iam::list_entities_for_policy(
    const aws::Context&, const wire::ListEntitiesForPolicyInput& input) {
  const bool boundaries = input.policy_usage_filter() == "PermissionsBoundary";
  const std::string_view filter = input.entity_filter().value_or("");
  std::vector<wire::PolicyRole> roles;
  std::vector<wire::PolicyUser> users;
  std::vector<wire::PolicyGroup> groups;
  const auto holders = TRY(page(TRY(store_.holders(input.policy_arn(), boundaries)), input,
                                [](const Entity& holder) { return holder.arn; }));
  for (const Entity& holder : holders.items) {
    if (!holder.path.starts_with(path_prefix_in(input))) continue;
    if (holder.kind == Kind::kRole && (filter.empty() || filter == "Role")) {
      roles.emplace_back().set_role_name(holder.name).set_role_id(holder.id);
    } else if (holder.kind == Kind::kUser && (filter.empty() || filter == "User")) {
      users.emplace_back().set_user_name(holder.name).set_user_id(holder.id);
    } else if (holder.kind == Kind::kGroup && (filter.empty() || filter == "Group")) {
      groups.emplace_back().set_group_name(holder.name).set_group_id(holder.id);
    }
  }
  wire::ListEntitiesForPolicyOutput out;
  out.set_policy_roles(std::move(roles))
      .set_policy_users(std::move(users))
      .set_policy_groups(std::move(groups));
  holders.close(out);
  return out;
}

}  // namespace howdah::services::iam
