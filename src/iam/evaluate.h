#pragma once

// May this be done? Policies in, a decision out; pure. The rules are AWS's ("Policy evaluation
// logic"): what nothing allows is denied, an explicit Deny wins over every Allow, a permissions
// boundary and session policies only take away, and the account's root may do everything. Where a
// condition hangs on an operator or key that is not known here, an Allow does not allow and a
// Deny denies.
// Ownership: borrows its arguments. Threads: any number at once. Failure: none; doubt is a denial.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "iam/context.h"
#include "iam/policy.h"

namespace howdah::iam {

struct Request {
  std::string_view action;    // "s3:GetObject"
  std::string_view resource;  // an ARN, or "*" when the operation names none
  const Context& context;
};

// Shared: one parsed document serves every principal that it is attached to, and a decision may
// still use it while a newer version takes its place.
using PolicyList = std::vector<std::shared_ptr<const Policy>>;

/// All that limits one principal.
struct PolicySet {
  bool root = false;
  PolicyList identity;                     // inline and attached, of groups too
  std::shared_ptr<const Policy> boundary;  // null: none
  bool has_session = false;                // session policies were given, perhaps allowing nothing
  PolicyList session;
};

enum class Source { kIdentity, kBoundary, kSession };

struct Decision {
  bool allowed = false;
  bool explicit_deny = false;         // when not allowed: a Deny said so
  Source source = Source::kIdentity;  // when not allowed: which kind of policy
};

Decision evaluate(const PolicySet& policies, const Request& request);

/// Who knocks, for documents that name principals.
struct Caller {
  std::string arn;       // as GetCallerIdentity says it; empty for a service
  std::string role_arn;  // of an assumed role; else empty
  std::string account;   // twelve digits
  std::string service;   // "ec2.amazonaws.com"; else empty
};

enum class Trust {
  kNone,       // nothing names the caller, or a Deny does
  kAccount,    // the caller's account is trusted: its own policies must allow the action too
  kPrincipal,  // the caller itself is trusted
};

/// What a role's trust policy (or another resource's policy) says to `caller`.
Trust evaluate_trust(const Policy& policy, const Caller& caller, const Request& request);

/// AWS's text ("User: … is not authorized to perform: … on resource: … because no identity-based
/// policy allows the … action"), kPermissionDenied. No reason: each protocol has its own name for
/// it (aws/errors.cc: AccessDenied, AccessDeniedException).
base::Error denial(std::string_view principal_arn, const Request& request,
                   const Decision& decision);

}  // namespace howdah::iam
