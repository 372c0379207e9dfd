#pragma once

// AWS STS: who am I, and temporary credentials.
// Ownership: borrows the store. Threads: concurrent calls allowed.
// Failure: AccessDenied when the role's trust policy or the caller's own policies do not allow
// AssumeRole, ValidationError for a duration out of range; else as the store's errors say.
//
// One difference from AWS, on purpose: the account's root may assume a role whose trust policy
// names the account. AWS refuses root here, but root is the only key that a new account holds.

#include "aws/sts/api.h"
#include "store/iam/iam.h"

namespace howdah::services::sts {

namespace wire = aws::sts;

class Sts final : public wire::Api {
 public:
  explicit Sts(store::iam::Iam& store) : store_(store) {}

  base::Result<wire::GetCallerIdentityOutput> get_caller_identity(
      const aws::Context&, const wire::GetCallerIdentityInput&) override;
  base::Result<wire::AssumeRoleOutput> assume_role(const aws::Context&,
                                                   const wire::AssumeRoleInput&) override;
  base::Result<wire::GetSessionTokenOutput> get_session_token(
      const aws::Context&, const wire::GetSessionTokenInput&) override;
  base::Result<wire::GetAccessKeyInfoOutput> get_access_key_info(
      const aws::Context&, const wire::GetAccessKeyInfoInput&) override;

 private:
  base::Status check_may_assume(const aws::Context& context, const store::iam::Entity& role,
                                const wire::AssumeRoleInput& input);
  base::Result<std::optional<std::vector<std::string>>> session_policies(
      const wire::AssumeRoleInput& input);

  store::iam::Iam& store_;
};

/// May `operation` be called without permission? AWS asks none for GetCallerIdentity and
/// GetSessionToken, and AssumeRole is decided by the handler, with the trust policy.
bool needs_no_permission(std::string_view operation);

}  // namespace howdah::services::sts
