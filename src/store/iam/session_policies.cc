#include "store/iam/session_policies.h"

#include <fmt/format.h>

namespace howdah::store::iam {

base::Result<std::optional<std::vector<std::string>>> session_policies(
    Iam& iam, std::string_view document, const std::vector<std::string>& policy_arns) {
  std::optional<std::vector<std::string>> out;
  if (!document.empty()) out.emplace().emplace_back(document);
  for (const std::string& arn : policy_arns) {
    const auto policy = TRY(iam.policy(arn));
    const auto version = TRY(iam.policy_version(arn, fmt::format("v{}", policy.default_version)));
    if (!out) out.emplace();
    out->push_back(version.document);
  }
  return out;
}

}  // namespace howdah::store::iam
