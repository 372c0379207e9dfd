// Inline and attached policies: the same operations for roles, users and groups.

#include "services/iam/answers.h"
#include "services/iam/iam.h"
#include "services/iam/page.h"

namespace howdah::services::iam {

using base::Result;
using store::iam::ManagedPolicy;

namespace {

template <typename Output>
Result<Output> put_inline(store::iam::Iam& store, Kind kind, const aws::View& input) {
  TRY(store.put_inline_policy(kind, name_in(kind, input), base::text_at(input.raw(), "PolicyName"),
                              base::text_at(input.raw(), "PolicyDocument")));
  return Output();
}

template <typename Output>
Result<Output> get_inline(store::iam::Iam& store, Kind kind, const aws::View& input) {
  const std::string_view entity = name_in(kind, input);
  const std::string_view policy = base::text_at(input.raw(), "PolicyName");
  const std::string document = TRY(store.inline_policy(kind, entity, policy));
  Output out;
  out.raw()[name_member(kind)] = entity;
  out.set_policy_name(policy).set_policy_document(encoded(document));
  return out;
}

template <typename Output>
Result<Output> list_inline(store::iam::Iam& store, Kind kind, const aws::View& input) {
  const auto names = TRY(page(TRY(store.inline_policies(kind, name_in(kind, input))), input,
                              [](const std::string& name) { return name; }));
  Output out;
  out.set_policy_names(names.items);
  names.close(out);
  return out;
}

template <typename Output>
Result<Output> delete_inline(store::iam::Iam& store, Kind kind, const aws::View& input) {
  TRY(store.remove_inline_policy(kind, name_in(kind, input),
                                 base::text_at(input.raw(), "PolicyName")));
  return Output();
}

template <typename Output>
Result<Output> attach(store::iam::Iam& store, Kind kind, const aws::View& input) {
  TRY(store.attach(kind, name_in(kind, input), base::text_at(input.raw(), "PolicyArn")));
  return Output();
}

template <typename Output>
Result<Output> detach(store::iam::Iam& store, Kind kind, const aws::View& input) {
  TRY(store.detach(kind, name_in(kind, input), base::text_at(input.raw(), "PolicyArn")));
  return Output();
}

template <typename Output>
Result<Output> list_attached(store::iam::Iam& store, Kind kind, const aws::View& input) {
  std::vector<ManagedPolicy> all = TRY(store.attached(kind, name_in(kind, input)));
  const std::string_view prefix = path_prefix_in(input);
  std::erase_if(all, [&](const ManagedPolicy& policy) { return !policy.path.starts_with(prefix); });
  const auto policies =
      TRY(page(std::move(all), input, [](const ManagedPolicy& policy) { return policy.arn; }));
  Output out;
  out.set_attached_policies(policies.map([](const ManagedPolicy& policy) {
    wire::AttachedPolicy one;
    one.set_policy_name(policy.name).set_policy_arn(policy.arn);
    return one;
  }));
  policies.close(out);
  return out;
}

}  // namespace

Result<wire::PutRolePolicyOutput> Iam::put_role_policy(const aws::Context&,
                                                       const wire::PutRolePolicyInput& input) {
  return put_inline<wire::PutRolePolicyOutput>(store_, Kind::kRole, input);
}

Result<wire::PutUserPolicyOutput> Iam::put_user_policy(const aws::Context&,
                                                       const wire::PutUserPolicyInput& input) {
  return put_inline<wire::PutUserPolicyOutput>(store_, Kind::kUser, input);
}

Result<wire::PutGroupPolicyOutput> Iam::put_group_policy(const aws::Context&,
                                                         const wire::PutGroupPolicyInput& input) {
  return put_inline<wire::PutGroupPolicyOutput>(store_, Kind::kGroup, input);
}

Result<wire::GetRolePolicyOutput> Iam::get_role_policy(const aws::Context&,
                                                       const wire::GetRolePolicyInput& input) {
  return get_inline<wire::GetRolePolicyOutput>(store_, Kind::kRole, input);
}

Result<wire::GetUserPolicyOutput> Iam::get_user_policy(const aws::Context&,
                                                       const wire::GetUserPolicyInput& input) {
  return get_inline<wire::GetUserPolicyOutput>(store_, Kind::kUser, input);
}

Result<wire::GetGroupPolicyOutput> Iam::get_group_policy(const aws::Context&,
                                                         const wire::GetGroupPolicyInput& input) {
  return get_inline<wire::GetGroupPolicyOutput>(store_, Kind::kGroup, input);
}

Result<wire::ListRolePoliciesOutput> Iam::list_role_policies(
    const aws::Context&, const wire::ListRolePoliciesInput& input) {
  return list_inline<wire::ListRolePoliciesOutput>(store_, Kind::kRole, input);
}

Result<wire::ListUserPoliciesOutput> Iam::list_user_policies(
    const aws::Context&, const wire::ListUserPoliciesInput& input) {
  return list_inline<wire::ListUserPoliciesOutput>(store_, Kind::kUser, input);
}

Result<wire::ListGroupPoliciesOutput> Iam::list_group_policies(
    const aws::Context&, const wire::ListGroupPoliciesInput& input) {
  return list_inline<wire::ListGroupPoliciesOutput>(store_, Kind::kGroup, input);
}

Result<wire::DeleteRolePolicyOutput> Iam::delete_role_policy(
    const aws::Context&, const wire::DeleteRolePolicyInput& input) {
  return delete_inline<wire::DeleteRolePolicyOutput>(store_, Kind::kRole, input);
}

Result<wire::DeleteUserPolicyOutput> Iam::delete_user_policy(
    const aws::Context&, const wire::DeleteUserPolicyInput& input) {
  return delete_inline<wire::DeleteUserPolicyOutput>(store_, Kind::kUser, input);
}

Result<wire::DeleteGroupPolicyOutput> Iam::delete_group_policy(
    const aws::Context&, const wire::DeleteGroupPolicyInput& input) {
  return delete_inline<wire::DeleteGroupPolicyOutput>(store_, Kind::kGroup, input);
}

Result<wire::AttachRolePolicyOutput> Iam::attach_role_policy(
    const aws::Context&, const wire::AttachRolePolicyInput& input) {
  return attach<wire::AttachRolePolicyOutput>(store_, Kind::kRole, input);
}

Result<wire::AttachUserPolicyOutput> Iam::attach_user_policy(
    const aws::Context&, const wire::AttachUserPolicyInput& input) {
  return attach<wire::AttachUserPolicyOutput>(store_, Kind::kUser, input);
}

Result<wire::AttachGroupPolicyOutput> Iam::attach_group_policy(
    const aws::Context&, const wire::AttachGroupPolicyInput& input) {
  return attach<wire::AttachGroupPolicyOutput>(store_, Kind::kGroup, input);
}

Result<wire::DetachRolePolicyOutput> Iam::detach_role_policy(
    const aws::Context&, const wire::DetachRolePolicyInput& input) {
  return detach<wire::DetachRolePolicyOutput>(store_, Kind::kRole, input);
}

Result<wire::DetachUserPolicyOutput> Iam::detach_user_policy(
    const aws::Context&, const wire::DetachUserPolicyInput& input) {
  return detach<wire::DetachUserPolicyOutput>(store_, Kind::kUser, input);
}

Result<wire::DetachGroupPolicyOutput> Iam::detach_group_policy(
    const aws::Context&, const wire::DetachGroupPolicyInput& input) {
  return detach<wire::DetachGroupPolicyOutput>(store_, Kind::kGroup, input);
}

Result<wire::ListAttachedRolePoliciesOutput> Iam::list_attached_role_policies(
    const aws::Context&, const wire::ListAttachedRolePoliciesInput& input) {
  return list_attached<wire::ListAttachedRolePoliciesOutput>(store_, Kind::kRole, input);
}

Result<wire::ListAttachedUserPoliciesOutput> Iam::list_attached_user_policies(
    const aws::Context&, const wire::ListAttachedUserPoliciesInput& input) {
  return list_attached<wire::ListAttachedUserPoliciesOutput>(store_, Kind::kUser, input);
}

Result<wire::ListAttachedGroupPoliciesOutput> Iam::list_attached_group_policies(
    const aws::Context&, const wire::ListAttachedGroupPoliciesInput& input) {
  return list_attached<wire::ListAttachedGroupPoliciesOutput>(store_, Kind::kGroup, input);
}

}  // namespace howdah::services::iam
