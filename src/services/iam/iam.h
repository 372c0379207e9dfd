#pragma once

// AWS IAM: users, groups, roles, instance profiles, policies, access keys. Each operation is one
// verb of store::iam::Iam, in the shape of the model; one file an operation group beside this
// header. Operations that are not named here answer as AWS does for what is not there.
// Ownership: borrows the store. Threads: concurrent calls allowed. Failure: as the store's errors
// say.

#include <string>
#include <string_view>

#include "aws/iam/api.h"
#include "store/iam/iam.h"

namespace howdah::services::iam {

namespace wire = aws::iam;
using store::iam::Kind;

#define HOWDAH_OPERATION(method, Operation)                                                        \
  base::Result<wire::Operation##Output> method(const aws::Context&, const wire::Operation##Input&) \
      override

class Iam final : public wire::Api {
 public:
  explicit Iam(store::iam::Iam& store) : store_(store) {}

  // roles.cc
  HOWDAH_OPERATION(create_role, CreateRole);
  HOWDAH_OPERATION(get_role, GetRole);
  HOWDAH_OPERATION(list_roles, ListRoles);
  HOWDAH_OPERATION(update_role, UpdateRole);
  HOWDAH_OPERATION(update_role_description, UpdateRoleDescription);
  HOWDAH_OPERATION(update_assume_role_policy, UpdateAssumeRolePolicy);
  HOWDAH_OPERATION(delete_role, DeleteRole);
  HOWDAH_OPERATION(put_role_permissions_boundary, PutRolePermissionsBoundary);
  HOWDAH_OPERATION(delete_role_permissions_boundary, DeleteRolePermissionsBoundary);
  HOWDAH_OPERATION(create_service_linked_role, CreateServiceLinkedRole);

  // users.cc
  HOWDAH_OPERATION(create_user, CreateUser);
  HOWDAH_OPERATION(get_user, GetUser);
  HOWDAH_OPERATION(list_users, ListUsers);
  HOWDAH_OPERATION(update_user, UpdateUser);
  HOWDAH_OPERATION(delete_user, DeleteUser);
  HOWDAH_OPERATION(put_user_permissions_boundary, PutUserPermissionsBoundary);
  HOWDAH_OPERATION(delete_user_permissions_boundary, DeleteUserPermissionsBoundary);
  HOWDAH_OPERATION(create_access_key, CreateAccessKey);
  HOWDAH_OPERATION(list_access_keys, ListAccessKeys);
  HOWDAH_OPERATION(update_access_key, UpdateAccessKey);
  HOWDAH_OPERATION(delete_access_key, DeleteAccessKey);

  // groups.cc
  HOWDAH_OPERATION(create_group, CreateGroup);
  HOWDAH_OPERATION(get_group, GetGroup);
  HOWDAH_OPERATION(list_groups, ListGroups);
  HOWDAH_OPERATION(update_group, UpdateGroup);
  HOWDAH_OPERATION(delete_group, DeleteGroup);
  HOWDAH_OPERATION(add_user_to_group, AddUserToGroup);
  HOWDAH_OPERATION(remove_user_from_group, RemoveUserFromGroup);
  HOWDAH_OPERATION(list_groups_for_user, ListGroupsForUser);

  // entity_policies.cc: the same for the three kinds
  HOWDAH_OPERATION(put_role_policy, PutRolePolicy);
  HOWDAH_OPERATION(put_user_policy, PutUserPolicy);
  HOWDAH_OPERATION(put_group_policy, PutGroupPolicy);
  HOWDAH_OPERATION(get_role_policy, GetRolePolicy);
  HOWDAH_OPERATION(get_user_policy, GetUserPolicy);
  HOWDAH_OPERATION(get_group_policy, GetGroupPolicy);
  HOWDAH_OPERATION(list_role_policies, ListRolePolicies);
  HOWDAH_OPERATION(list_user_policies, ListUserPolicies);
  HOWDAH_OPERATION(list_group_policies, ListGroupPolicies);
  HOWDAH_OPERATION(delete_role_policy, DeleteRolePolicy);
  HOWDAH_OPERATION(delete_user_policy, DeleteUserPolicy);
  HOWDAH_OPERATION(delete_group_policy, DeleteGroupPolicy);
  HOWDAH_OPERATION(attach_role_policy, AttachRolePolicy);
  HOWDAH_OPERATION(attach_user_policy, AttachUserPolicy);
  HOWDAH_OPERATION(attach_group_policy, AttachGroupPolicy);
  HOWDAH_OPERATION(detach_role_policy, DetachRolePolicy);
  HOWDAH_OPERATION(detach_user_policy, DetachUserPolicy);
  HOWDAH_OPERATION(detach_group_policy, DetachGroupPolicy);
  HOWDAH_OPERATION(list_attached_role_policies, ListAttachedRolePolicies);
  HOWDAH_OPERATION(list_attached_user_policies, ListAttachedUserPolicies);
  HOWDAH_OPERATION(list_attached_group_policies, ListAttachedGroupPolicies);

  // policies.cc
  HOWDAH_OPERATION(create_policy, CreatePolicy);
  HOWDAH_OPERATION(get_policy, GetPolicy);
  HOWDAH_OPERATION(list_policies, ListPolicies);
  HOWDAH_OPERATION(delete_policy, DeletePolicy);
  HOWDAH_OPERATION(create_policy_version, CreatePolicyVersion);
  HOWDAH_OPERATION(get_policy_version, GetPolicyVersion);
  HOWDAH_OPERATION(list_policy_versions, ListPolicyVersions);
  HOWDAH_OPERATION(set_default_policy_version, SetDefaultPolicyVersion);
  HOWDAH_OPERATION(delete_policy_version, DeletePolicyVersion);
  HOWDAH_OPERATION(list_entities_for_policy, ListEntitiesForPolicy);

  // instance_profiles.cc
  HOWDAH_OPERATION(create_instance_profile, CreateInstanceProfile);
  HOWDAH_OPERATION(get_instance_profile, GetInstanceProfile);
  HOWDAH_OPERATION(list_instance_profiles, ListInstanceProfiles);
  HOWDAH_OPERATION(list_instance_profiles_for_role, ListInstanceProfilesForRole);
  HOWDAH_OPERATION(add_role_to_instance_profile, AddRoleToInstanceProfile);
  HOWDAH_OPERATION(remove_role_from_instance_profile, RemoveRoleFromInstanceProfile);
  HOWDAH_OPERATION(delete_instance_profile, DeleteInstanceProfile);

  // tags.cc
  HOWDAH_OPERATION(tag_role, TagRole);
  HOWDAH_OPERATION(tag_user, TagUser);
  HOWDAH_OPERATION(tag_policy, TagPolicy);
  HOWDAH_OPERATION(tag_instance_profile, TagInstanceProfile);
  HOWDAH_OPERATION(untag_role, UntagRole);
  HOWDAH_OPERATION(untag_user, UntagUser);
  HOWDAH_OPERATION(untag_policy, UntagPolicy);
  HOWDAH_OPERATION(untag_instance_profile, UntagInstanceProfile);
  HOWDAH_OPERATION(list_role_tags, ListRoleTags);
  HOWDAH_OPERATION(list_user_tags, ListUserTags);
  HOWDAH_OPERATION(list_policy_tags, ListPolicyTags);
  HOWDAH_OPERATION(list_instance_profile_tags, ListInstanceProfileTags);

  // account.cc: what an account has none of here is listed as empty
  HOWDAH_OPERATION(get_account_summary, GetAccountSummary);
  HOWDAH_OPERATION(list_account_aliases, ListAccountAliases);
  HOWDAH_OPERATION(get_account_password_policy, GetAccountPasswordPolicy);
  HOWDAH_OPERATION(get_login_profile, GetLoginProfile);
  HOWDAH_OPERATION(delete_login_profile, DeleteLoginProfile);
  HOWDAH_OPERATION(list_mfa_devices, ListMFADevices);
  HOWDAH_OPERATION(list_virtual_mfa_devices, ListVirtualMFADevices);
  HOWDAH_OPERATION(list_ssh_public_keys, ListSSHPublicKeys);
  HOWDAH_OPERATION(list_signing_certificates, ListSigningCertificates);
  HOWDAH_OPERATION(list_service_specific_credentials, ListServiceSpecificCredentials);
  HOWDAH_OPERATION(list_server_certificates, ListServerCertificates);
  HOWDAH_OPERATION(list_open_id_connect_providers, ListOpenIDConnectProviders);
  HOWDAH_OPERATION(list_saml_providers, ListSAMLProviders);

  // simulate.cc
  HOWDAH_OPERATION(simulate_principal_policy, SimulatePrincipalPolicy);
  HOWDAH_OPERATION(simulate_custom_policy, SimulateCustomPolicy);

 private:
  store::iam::Iam& store_;
};

#undef HOWDAH_OPERATION

}  // namespace howdah::services::iam
