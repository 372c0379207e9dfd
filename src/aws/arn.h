#pragma once

// Amazon Resource Names: arn:partition:service:region:account:resource. Values; pure functions.
// Source: AWS "IAM identifiers", "Amazon Resource Names".

#include <optional>
#include <string>
#include <string_view>

namespace howdah::aws {

struct Arn {
  std::string partition = "aws";
  std::string service;
  std::string region;
  std::string account;
  std::string resource;  // may hold ':' and '/'
};

/// nullopt for what has not six parts, or no service or resource.
std::optional<Arn> parse_arn(std::string_view text);
std::string to_text(const Arn& arn);

/// arn:aws:iam::<account>:<resource>, e.g. "role/EMR_DefaultRole".
std::string iam_arn(std::string_view account, std::string_view resource);
/// arn:aws:elasticmapreduce:<region>:<account>:cluster/<id>.
std::string cluster_arn(std::string_view region, std::string_view account,
                        std::string_view cluster_id);
/// arn:aws:s3:::<bucket>[/<key>].
std::string s3_arn(std::string_view bucket, std::string_view key = {});
/// arn:aws:sts::<account>:assumed-role/<role>/<session>.
std::string assumed_role_arn(std::string_view account, std::string_view role,
                             std::string_view session);

}  // namespace howdah::aws
