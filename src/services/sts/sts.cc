#include "services/sts/sts.h"

#include <fmt/format.h>

#include "iam/evaluate.h"
#include "iam/policy.h"
#include "store/iam/session_policies.h"

namespace howdah::services::sts {

using base::Error;
using base::Result;
using base::Status;
using howdah::iam::Caller;
using howdah::iam::Context;
using howdah::iam::Trust;
using std::chrono::seconds;
using store::iam::Credential;
using store::iam::Kind;

namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kChained = kHour;  // role chaining lasts an hour at most (AWS: AssumeRole)
constexpr int64_t kTokenDefault = 12 * kHour;
constexpr int64_t kRootToken = kHour;  // GetSessionToken with root credentials

Error validation(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "ValidationError", {}};
}

Error denied(std::string_view who, std::string_view role_arn) {
  return {base::Code::kPermissionDenied,
          fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}", who,
                      role_arn),
          "AccessDenied",
          {}};
}

wire::Credentials to_wire(const store::iam::TemporaryCredentials& minted) {
  wire::Credentials out;
  out.set_access_key_id(minted.access_key_id)
      .set_secret_access_key(minted.secret)
      .set_session_token(minted.session_token)
      .set_expiration(base::to_millis(minted.expires));
  return out;
}

}  // namespace

bool needs_no_permission(std::string_view operation) {
  return operation == "GetCallerIdentity" || operation == "GetSessionToken" ||
         operation == "AssumeRole";
}

Result<wire::GetCallerIdentityOutput> Sts::get_caller_identity(
    const aws::Context& context, const wire::GetCallerIdentityInput&) {
  wire::GetCallerIdentityOutput out;
  out.set_user_id(context.principal_id).set_account(context.account).set_arn(context.principal_arn);
  return out;
}

Status Sts::check_may_assume(const aws::Context& context, const store::iam::Entity& role,
                             const wire::AssumeRoleInput& input) {
  const auto who = TRY(store_.lookup(context.access_key_id));
  const auto trust = TRY(howdah::iam::parse_policy(role.trust, howdah::iam::DocumentKind::kTrust));
  Context facts;
  facts.set("sts:RoleSessionName", std::string(input.role_session_name()));
  if (input.external_id()) {
    facts.set("sts:ExternalId", std::string(*input.external_id()));
  } else {
    facts.declare_absent("sts:ExternalId");
  }
  if (context.request) {
    const std::string_view peer = context.request->peer;
    facts.set("aws:SourceIp", std::string(peer.substr(0, peer.rfind(':'))));
    facts.set("aws:SecureTransport", context.request->tls ? "true" : "false");
  }
  facts.declare_absent("aws:RequestTag/");
  facts.declare_absent("aws:TagKeys");
  facts.declare_absent("sts:SourceIdentity");
  const Context full = store_.full_context(*who, facts);
  const Caller caller{who->principal_arn, who->role_arn, who->account, {}};
  switch (evaluate_trust(trust, caller, {"sts:AssumeRole", role.arn, full})) {
    case Trust::kNone:
      return denied(who->principal_arn, role.arn);
    case Trust::kAccount:
      return store_.authorise(*who, "sts:AssumeRole", role.arn, facts);
    case Trust::kPrincipal:
      break;
  }
  // Trusted by name: its own policies need not allow it, but they may forbid it.
  const auto decision = store_.decide(*who, "sts:AssumeRole", role.arn, facts);
  if (decision.allowed ||
      (!decision.explicit_deny && decision.source == howdah::iam::Source::kIdentity)) {
    return {};
  }
  return howdah::iam::denial(who->principal_arn, {"sts:AssumeRole", role.arn, facts}, decision);
}

Result<std::optional<std::vector<std::string>>> Sts::session_policies(
    const wire::AssumeRoleInput& input) {
  std::vector<std::string> arns;
  for (const auto descriptor : input.policy_arns())
    arns.emplace_back(descriptor.arn().value_or(""));
  return store::iam::session_policies(store_, input.policy().value_or(""), arns);
}

Result<wire::AssumeRoleOutput> Sts::assume_role(const aws::Context& context,
                                                const wire::AssumeRoleInput& input) {
  const std::string_view arn = input.role_arn();
  const size_t at = arn.find(":role/");
  if (!arn.starts_with("arn:aws:iam::") || at == std::string_view::npos) {
    return validation(fmt::format("{} is invalid", arn));
  }
  // Whether the role exists is not told to those who may not assume it (as AWS does).
  const auto role = store_.role(arn.substr(arn.rfind('/') + 1));
  if (!role || role->arn != arn) return denied(context.principal_arn, arn);
  TRY(check_may_assume(context, *role, input));
  if (input.tags().size() > 0 || input.source_identity()) {
    return validation("Session tags and SourceIdentity are not supported here; leave them out.");
  }
  int64_t duration = input.duration_seconds().value_or(kHour);
  if (duration > role->max_session_seconds) {
    return validation(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  if (context.principal_arn.find(":assumed-role/") != std::string::npos && duration > kChained) {
    return validation(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining");
  }
  const auto policies = TRY(session_policies(input));
  const auto minted =
      TRY(store_.mint_session(role->name, input.role_session_name(), seconds(duration), policies));
  wire::AssumedRoleUser user;
  user.set_assumed_role_id(minted.principal_id).set_arn(minted.principal_arn);
  wire::AssumeRoleOutput out;
  out.set_credentials(to_wire(minted)).set_assumed_role_user(std::move(user));
  if (policies) {
    size_t size = 0;
    for (const std::string& policy : *policies) size += policy.size();
    out.set_packed_policy_size(static_cast<int64_t>(std::min<size_t>(100, size * 100 / 4096 + 1)));
  }
  return out;
}

Result<wire::GetSessionTokenOutput> Sts::get_session_token(
    const aws::Context& context, const wire::GetSessionTokenInput& input) {
  const auto who = TRY(store_.lookup(context.access_key_id));
  if (!who->session_token.empty()) {
    return Error{base::Code::kPermissionDenied,
                 "Cannot call GetSessionToken with session credentials",
                 "AccessDenied",
                 {}};
  }
  if (input.serial_number() || input.token_code()) {
    return Error{base::Code::kPermissionDenied,
                 "MultiFactorAuthentication failed with invalid MFA one time pass code.",
                 "AccessDenied",
                 {}};
  }
  int64_t duration = input.duration_seconds().value_or(kTokenDefault);
  if (who->kind == Kind::kRoot) duration = std::min(duration, kRootToken);
  wire::GetSessionTokenOutput out;
  out.set_credentials(to_wire(TRY(store_.mint_session_of(*who, seconds(duration)))));
  return out;
}

Result<wire::GetAccessKeyInfoOutput> Sts::get_access_key_info(
    const aws::Context&, const wire::GetAccessKeyInfoInput& input) {
  // AWS decodes the account from the id, whether or not the key is active; here it is looked up.
  const auto known = store_.lookup(input.access_key_id());
  if (!known) return validation("Access key ID is not valid.");
  wire::GetAccessKeyInfoOutput out;
  out.set_account((*known)->account);
  return out;
}

}  // namespace howdah::services::sts
