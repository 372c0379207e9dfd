#include <fmt/format.h>

#include "services/iam/answers.h"
#include "services/iam/iam.h"

namespace howdah::services::iam {

using base::Result;

namespace {
base::Error no_such_entity(std::string message) {
  return {base::Code::kNotFound, std::move(message), "NoSuchEntity", {}};
}

// A list that this server has nothing to put into.
template <typename Output>
Output empty(std::string_view member) {
  Output out;
  out.raw()[member] = base::JsonArray();
  return out;
}
template <typename Output>
Output empty_page(std::string_view member) {
  Output out = empty<Output>(member);
  out.set_is_truncated(false);
  return out;
}
}  // namespace

Result<wire::GetAccountSummaryOutput> Iam::get_account_summary(
    const aws::Context&, const wire::GetAccountSummaryInput&) {
  const store::iam::Counts counts = TRY(store_.counts());
  base::JsonObject map;
  map["Users"] = counts.users;
  map["UsersQuota"] = 5000;
  map["Groups"] = counts.groups;
  map["GroupsQuota"] = 300;
  map["Roles"] = counts.roles;
  map["RolesQuota"] = 1000;
  map["Policies"] = counts.policies;
  map["PoliciesQuota"] = 1500;
  map["PolicyVersionsInUse"] = counts.policy_versions;
  map["PolicyVersionsInUseQuota"] = 10000;
  map["InstanceProfiles"] = counts.profiles;
  map["InstanceProfilesQuota"] = 1000;
  map["AccessKeysPerUserQuota"] = 2;
  map["AttachedPoliciesPerUserQuota"] = 20;
  map["AttachedPoliciesPerRoleQuota"] = 20;
  map["AttachedPoliciesPerGroupQuota"] = 20;
  map["VersionsPerPolicyQuota"] = 5;
  map["PolicySizeQuota"] = 6144;
  map["UserPolicySizeQuota"] = 2048;
  map["GroupPolicySizeQuota"] = 5120;
  map["RolePolicySizeQuota"] = 10240;
  map["AssumeRolePolicySizeQuota"] = 4096;
  map["AccountMFAEnabled"] = 0;
  map["MFADevices"] = 0;
  wire::GetAccountSummaryOutput out;
  out.set_summary_map(std::move(map));
  return out;
}

Result<wire::ListAccountAliasesOutput> Iam::list_account_aliases(
    const aws::Context&, const wire::ListAccountAliasesInput&) {
  return empty_page<wire::ListAccountAliasesOutput>("AccountAliases");
}

Result<wire::GetAccountPasswordPolicyOutput> Iam::get_account_password_policy(
    const aws::Context& context, const wire::GetAccountPasswordPolicyInput&) {
  return no_such_entity(
      fmt::format("The Password Policy with domain name {} cannot be found.", context.account));
}

Result<wire::GetLoginProfileOutput> Iam::get_login_profile(
    const aws::Context& context, const wire::GetLoginProfileInput& input) {
  const std::string user = TRY(user_in(input, context));
  TRY(store_.entity(Kind::kUser, user));
  return no_such_entity(fmt::format("Login Profile for User {} cannot be found.", user));
}

Result<wire::DeleteLoginProfileOutput> Iam::delete_login_profile(
    const aws::Context& context, const wire::DeleteLoginProfileInput& input) {
  const std::string user = TRY(user_in(input, context));
  TRY(store_.entity(Kind::kUser, user));
  return no_such_entity(fmt::format("Login Profile for User {} cannot be found.", user));
}

Result<wire::ListMFADevicesOutput> Iam::list_mfa_devices(const aws::Context&,
                                                         const wire::ListMFADevicesInput&) {
  return empty_page<wire::ListMFADevicesOutput>("MFADevices");
}

Result<wire::ListVirtualMFADevicesOutput> Iam::list_virtual_mfa_devices(
    const aws::Context&, const wire::ListVirtualMFADevicesInput&) {
  return empty_page<wire::ListVirtualMFADevicesOutput>("VirtualMFADevices");
}

Result<wire::ListSSHPublicKeysOutput> Iam::list_ssh_public_keys(
    const aws::Context&, const wire::ListSSHPublicKeysInput&) {
  return empty_page<wire::ListSSHPublicKeysOutput>("SSHPublicKeys");
}

Result<wire::ListSigningCertificatesOutput> Iam::list_signing_certificates(
    const aws::Context&, const wire::ListSigningCertificatesInput&) {
  return empty_page<wire::ListSigningCertificatesOutput>("Certificates");
}

Result<wire::ListServiceSpecificCredentialsOutput> Iam::list_service_specific_credentials(
    const aws::Context&, const wire::ListServiceSpecificCredentialsInput&) {
  return empty<wire::ListServiceSpecificCredentialsOutput>("ServiceSpecificCredentials");
}

Result<wire::ListServerCertificatesOutput> Iam::list_server_certificates(
    const aws::Context&, const wire::ListServerCertificatesInput&) {
  return empty_page<wire::ListServerCertificatesOutput>("ServerCertificateMetadataList");
}

Result<wire::ListOpenIDConnectProvidersOutput> Iam::list_open_id_connect_providers(
    const aws::Context&, const wire::ListOpenIDConnectProvidersInput&) {
  return empty<wire::ListOpenIDConnectProvidersOutput>("OpenIDConnectProviderList");
}

Result<wire::ListSAMLProvidersOutput> Iam::list_saml_providers(
    const aws::Context&, const wire::ListSAMLProvidersInput&) {
  return empty<wire::ListSAMLProvidersOutput>("SAMLProviderList");
}

}  // namespace howdah::services::iam
