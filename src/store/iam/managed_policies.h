#pragma once

// AWS's own managed policies (arn:aws:iam::aws:policy/…), compiled in from
// managed_policies/*.json. The documents are ours: what they allow follows the services that
// AWS's policy of that name serves. They are not rows: a newer program brings newer documents,
// and nobody can change them.
// Ownership: static. Threads: read from any. Failure: none; a broken document fails this module's
// test.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iam/policy.h"

namespace howdah::store::iam {

struct AwsPolicy {
  std::string arn;
  std::string name;
  std::string id;  // ANPA…, made from the name
  std::string path;
  std::string description;
  std::string document;  // JSON text
  // Shared with every principal that it is attached to.
  std::shared_ptr<const howdah::iam::Policy> policy;
};

const std::vector<AwsPolicy>& aws_policies();  // by name
const AwsPolicy* find_aws_policy(std::string_view arn);

inline bool is_aws_policy(std::string_view arn) {
  return arn.starts_with("arn:aws:iam::aws:policy/");
}

}  // namespace howdah::store::iam
