#include <fmt/format.h>

#include "iam/evaluate.h"
#include "iam/policy.h"
#include "services/iam/answers.h"
#include "services/iam/iam.h"

namespace howdah::services::iam {

using base::Result;
using howdah::iam::Context;
using howdah::iam::PolicySet;

namespace {

Result<std::shared_ptr<const howdah::iam::Policy>> parse(std::string_view document) {
  return std::make_shared<const howdah::iam::Policy>(
      TRY(howdah::iam::parse_policy(document, howdah::iam::DocumentKind::kIdentity)));
}

// The policies that the input adds to `set`.
base::Status add_given(const aws::View& input, PolicySet& set) {
  for (const std::string& document : base::texts_at(input.raw(), "PolicyInputList")) {
    set.identity.push_back(TRY(parse(document)));
  }
  const auto boundaries = base::texts_at(input.raw(), "PermissionsBoundaryPolicyInputList");
  if (boundaries.size() > 1) {
    return base::Error{base::Code::kInvalidArgument,
                       "PermissionsBoundaryPolicyInputList takes one policy.",
                       "InvalidInput",
                       {}};
  }
  if (!boundaries.empty()) set.boundary = TRY(parse(boundaries[0]));
  return {};
}

template <typename Input>
Context context_of(const Input& input) {
  Context out;
  for (const auto entry : input.context_entries()) {
    out.set(entry.context_key_name().value_or(""), entry.context_key_values());
  }
  return out;
}

template <typename Output, typename Input>
Output simulate(const PolicySet& set, const Input& input) {
  const Context context = context_of(input);
  std::vector<std::string> resources = input.resource_arns();
  if (resources.empty()) resources.push_back("*");
  std::vector<wire::EvaluationResult> results;
  for (const std::string& action : input.action_names()) {
    for (const std::string& resource : resources) {
      const auto decision = howdah::iam::evaluate(set, {action, resource, context});
      results.emplace_back()
          .set_eval_action_name(action)
          .set_eval_resource_name(resource)
          .set_eval_decision(decision.allowed         ? "allowed"
                             : decision.explicit_deny ? "explicitDeny"
                                                      : "implicitDeny");
      results.back().raw()["MatchedStatements"] = base::JsonArray();
      results.back().raw()["MissingContextValues"] = base::JsonArray();
    }
  }
  Output out;
  out.set_evaluation_results(std::move(results)).set_is_truncated(false);
  return out;
}

Result<Kind> kind_of(std::string_view arn) {
  if (arn.find(":user/") != std::string_view::npos) return Kind::kUser;
  if (arn.find(":role/") != std::string_view::npos) return Kind::kRole;
  if (arn.find(":group/") != std::string_view::npos) return Kind::kGroup;
  return base::Error{base::Code::kInvalidArgument,
                     fmt::format("Invalid Entity Arn: {} does not clearly define entity type and "
                                 "name.",
                                 arn),
                     "InvalidInput",
                     {}};
}

}  // namespace

Result<wire::SimulatePrincipalPolicyOutput> Iam::simulate_principal_policy(
    const aws::Context&, const wire::SimulatePrincipalPolicyInput& input) {
  const std::string_view arn = input.policy_source_arn();
  PolicySet set = TRY(store_.policies_of(TRY(kind_of(arn)), arn.substr(arn.rfind('/') + 1)));
  TRY(add_given(input, set));
  return simulate<wire::SimulatePrincipalPolicyOutput>(set, input);
}

Result<wire::SimulateCustomPolicyOutput> Iam::simulate_custom_policy(
    const aws::Context&, const wire::SimulateCustomPolicyInput& input) {
  PolicySet set;
  TRY(add_given(input, set));
  return simulate<wire::SimulateCustomPolicyOutput>(set, input);
}

}  // namespace howdah::services::iam
