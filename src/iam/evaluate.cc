#include "iam/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace howdah::iam {

namespace {

Match any_of(const std::vector<Pattern>& patterns, std::string_view text, const Context& context) {
  Match out = Match::kNo;
  for (const Pattern& pattern : patterns) {
    out = either(out, pattern.matches(text, context));
    if (out == Match::kYes) break;
  }
  return out;
}

Match match_resource(const Statement& statement, const Request& request) {
  if (statement.resources.empty()) return Match::kYes;
  if (!statement.not_resource) {
    return any_of(statement.resources, request.resource, request.context);
  }
  // "Everything but ${aws:username}" must not become "everything" for who has no user name.
  for (const Pattern& pattern : statement.resources) {
    if (pattern.has_variables() && !pattern.expand(request.context)) return Match::kUnknown;
  }
  return invert(any_of(statement.resources, request.resource, request.context));
}

Match applies(const Statement& statement, const Request& request) {
  Match out = any_of(statement.actions, request.action, request.context);
  if (statement.not_action) out = invert(out);
  if (out == Match::kNo) return out;
  out = both(out, match_resource(statement, request));
  for (const Condition& condition : statement.conditions) {
    if (out == Match::kNo) break;
    out = both(out, condition.evaluate(request.context));
  }
  return out;
}

enum class Verdict { kSilent, kAllow, kDeny };

Verdict judge(const Policy& policy, const Request& request) {
  Verdict out = Verdict::kSilent;
  for (const Statement& statement : policy.statements) {
    const Match match = applies(statement, request);
    if (!statement.allow && match != Match::kNo) return Verdict::kDeny;
    if (statement.allow && match == Match::kYes) out = Verdict::kAllow;
  }
  return out;
}

Verdict judge(const PolicyList& policies, const Request& request) {
  Verdict out = Verdict::kSilent;
  for (const auto& policy : policies) {
    const Verdict one = judge(*policy, request);
    if (one == Verdict::kDeny) return one;
    if (one == Verdict::kAllow) out = one;
  }
  return out;
}

}  // namespace

Decision evaluate(const PolicySet& policies, const Request& request) {
  const Verdict identity = policies.root ? Verdict::kAllow : judge(policies.identity, request);
  const Verdict boundary = policies.boundary ? judge(*policies.boundary, request) : Verdict::kAllow;
  const Verdict session = policies.has_session ? judge(policies.session, request) : Verdict::kAllow;
  const std::pair<Verdict, Source> layers[] = {
      {identity, Source::kIdentity}, {boundary, Source::kBoundary}, {session, Source::kSession}};
  for (const auto& [verdict, source] : layers) {
    if (verdict == Verdict::kDeny) return {false, true, source};
  }
  for (const auto& [verdict, source] : layers) {
    if (verdict == Verdict::kSilent) return {false, false, source};
  }
  return {true, false, Source::kIdentity};
}

namespace {

Trust named_by(const PrincipalList& list, const Caller& caller) {
  if (list.anyone) return Trust::kPrincipal;
  if (!caller.service.empty()) {
    const bool named = std::find(list.services.begin(), list.services.end(), caller.service) !=
                       list.services.end();
    return named ? Trust::kPrincipal : Trust::kNone;
  }
  Trust out = Trust::kNone;
  for (const std::string& name : list.aws) {
    if (name == caller.arn || (!caller.role_arn.empty() && name == caller.role_arn)) {
      return Trust::kPrincipal;
    }
    if (name == caller.account || name == fmt::format("arn:aws:iam::{}:root", caller.account)) {
      out = Trust::kAccount;
    }
  }
  return out;
}

}  // namespace

Trust evaluate_trust(const Policy& policy, const Caller& caller, const Request& request) {
  Trust out = Trust::kNone;
  for (const Statement& statement : policy.statements) {
    Trust named = named_by(statement.principals, caller);
    if (statement.not_principal) {
      named = named == Trust::kNone ? Trust::kPrincipal : Trust::kNone;
    }
    if (named == Trust::kNone) continue;
    const Match match = applies(statement, request);
    if (!statement.allow && match != Match::kNo) return Trust::kNone;
    if (statement.allow && match == Match::kYes) out = std::max(out, named);
  }
  return out;
}

base::Error denial(std::string_view principal_arn, const Request& request,
                   const Decision& decision) {
  static constexpr std::string_view kNames[] = {"identity-based policy", "permissions boundary",
                                                "session policy"};
  static constexpr std::string_view kArticles[] = {"an", "a", "a"};
  const auto source = static_cast<size_t>(decision.source);
  const std::string why =
      decision.explicit_deny
          ? fmt::format("with an explicit deny in {} {}", kArticles[source], kNames[source])
          : fmt::format("because no {} allows the {} action", kNames[source], request.action);
  return {base::Code::kPermissionDenied,
          fmt::format("User: {} is not authorized to perform: {} on resource: {} {}", principal_arn,
                      request.action, request.resource, why),
          {},
          {}};
}

}  // namespace howdah::iam
