#pragma once

// Policy documents: JSON text of version 2008-10-17 or 2012-10-17 becomes a Policy that can be
// evaluated, or an error with the reason "MalformedPolicyDocument" that names the statement and the
// fault (AWS: "IAM JSON policy elements reference"; the wording is AWS's where it is known).
// Ownership: a Policy is a value, unchanged once parsed. Threads: concurrent reads are safe.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "iam/condition.h"
#include "iam/pattern.h"

namespace howdah::iam {

enum class DocumentKind {
  kIdentity,  // attached to a user, group or role, a boundary or a session: no Principal
  kTrust,     // who may assume a role: Principal, sts actions, no Resource
  kResource,  // on a resource: Principal and Resource
};

/// Whom a Principal element names, each as it was written.
struct PrincipalList {
  bool anyone = false;                 // "*", or {"AWS": "*"}
  std::vector<std::string> aws;        // ARNs and account ids
  std::vector<std::string> services;   // "ec2.amazonaws.com"
  std::vector<std::string> federated;  // kept, matched by nobody here
};

struct Statement {
  std::string sid;
  bool allow = false;
  bool not_principal = false;  // NotPrincipal was written
  PrincipalList principals;
  bool not_action = false;
  std::vector<Pattern> actions;
  bool not_resource = false;
  std::vector<Pattern> resources;  // empty: the statement speaks of whatever it is attached to
  std::vector<Condition> conditions;
};

struct Policy {
  std::string version;
  std::vector<Statement> statements;
};

/// kInvalidArgument, reason "MalformedPolicyDocument".
base::Result<Policy> parse_policy(std::string_view text, DocumentKind kind);

}  // namespace howdah::iam
