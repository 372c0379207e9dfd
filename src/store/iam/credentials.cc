// lookup() and authorise(): what every request asks.

#include <fmt/format.h>

#include <mutex>

#include "base/json.h"
#include "base/text.h"
#include "iam/policy.h"
#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;
using howdah::iam::Context;
using howdah::iam::Decision;

namespace {

using SharedCredential = std::shared_ptr<const Credential>;

base::Error invalid_token() {
  return {base::Code::kUnauthenticated,
          "The security token included in the request is invalid.",
          "InvalidClientTokenId",
          {}};
}

Credential root_credential(std::string_view id, std::string_view secret) {
  Credential out;
  out.access_key_id = id;
  out.secret = secret;
  out.account = kAccount;
  out.principal_arn = fmt::format("arn:aws:iam::{}:root", kAccount);
  out.principal_id = kAccount;
  out.policies.root = true;
  return out;
}

// Who the credential speaks for, what limits it.
Status fill_from_entity(Connection& c, Credential& out, Kind kind, std::string_view name) {
  const Entity entity = TRY(read_entity(c, kind, name));
  out.kind = kind;
  out.name = entity.name;
  out.principal_arn = entity.arn;
  out.principal_id = entity.id;
  if (kind == Kind::kRole) out.role_arn = entity.arn;
  out.tags = TRY(read_tags(c, kind, entity.name));
  out.policies = TRY(read_policies(c, entity));
  return {};
}

Result<std::optional<Credential>> read_long_term(Connection& c, std::string_view id) {
  auto row = c.query("SELECT user_name, secret, active FROM access_key WHERE id = ?", id);
  if (!TRY(row.next())) return std::optional<Credential>();
  if (row.integer(2) == 0) return invalid_token();
  Credential out = root_credential(id, row.text(1));
  if (!row.is_null(0)) {
    TRY(fill_from_entity(c, out, Kind::kUser, std::string(row.text(0))));
  }
  return std::optional<Credential>(std::move(out));
}

Status add_session_policies(Credential& out, std::string_view stored) {
  const auto list = TRY(base::parse_json(stored));
  out.policies.has_session = true;
  if (!list.is_array()) return base::internal("iam.db: a session's policies cannot be read");
  for (const base::Json& document : list.get_array()) {
    if (!document.is_string()) {
      return base::internal("iam.db: a session's policies cannot be read");
    }
    out.policies.session.push_back(
        std::make_shared<const howdah::iam::Policy>(TRY(howdah::iam::parse_policy(
            base::view_of(document.get_string()), howdah::iam::DocumentKind::kIdentity))));
  }
  return {};
}

Result<std::optional<Credential>> read_session(Connection& c, std::string_view id) {
  auto row = c.query(
      "SELECT secret, token, issued, expires, kind, entity, entity_id, session_name, policies "
      "FROM session WHERE id = ?",
      id);
  if (!TRY(row.next())) return std::optional<Credential>();
  Credential out = root_credential(id, row.text(0));
  out.session_token = row.text(1);
  out.issued = base::from_millis(row.integer(2));
  out.expires = base::from_millis(row.integer(3));
  const Kind kind = static_cast<Kind>(row.integer(4));
  if (kind != Kind::kRoot) {
    const Status filled = fill_from_entity(c, out, kind, std::string(row.text(5)));
    // The role is gone, or is another one of the same name: nothing is inherited.
    if (!filled.ok() && filled.error().code == base::Code::kNotFound) return invalid_token();
    TRY(filled);
    if (out.principal_id != row.text(6)) return invalid_token();
  }
  if (kind == Kind::kRole) {
    out.principal_arn =
        fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", kAccount, out.name, row.text(7));
    out.principal_id = fmt::format("{}:{}", out.principal_id, row.text(7));
  }
  if (!row.is_null(8)) TRY(add_session_policies(out, row.text(8)));
  return std::optional<Credential>(std::move(out));
}

// What is known of the caller and the hour, beside what the request itself tells.
Context with_caller(const Context& request, const Credential& who, base::Time now) {
  Context out = request;
  const bool user = who.kind == Kind::kUser;
  out.set("aws:PrincipalArn", user || who.kind == Kind::kRoot ? who.principal_arn : who.role_arn);
  out.set("aws:PrincipalAccount", who.account);
  out.set("aws:PrincipalType", user ? "User" : who.kind == Kind::kRoot ? "Account" : "AssumedRole");
  out.set("aws:userid", who.principal_id);
  if (user) {
    out.set("aws:username", who.name);
  } else {
    out.declare_absent("aws:username");
  }
  out.declare_absent("aws:PrincipalTag/");
  for (const Tag& tag : who.tags) out.set("aws:PrincipalTag/" + tag.key, tag.value);
  out.set("aws:CurrentTime", base::to_iso8601(now));
  out.set("aws:EpochTime", std::to_string(base::to_millis(now) / 1000));
  if (who.issued) {
    out.set("aws:TokenIssueTime", base::to_iso8601(*who.issued));
    out.set("aws:MultiFactorAuthPresent", "false");
  } else {
    out.declare_absent("aws:TokenIssueTime");
    out.declare_absent("aws:MultiFactorAuthPresent");
  }
  // There is no MFA, organization, VPC endpoint or calling service here.
  for (const char* key : {"aws:MultiFactorAuthAge", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
                          "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp", "aws:CalledVia",
                          "aws:CalledViaFirst", "aws:CalledViaLast", "aws:SourceIdentity",
                          "aws:FederatedProvider", "aws:PrincipalServiceName"}) {
    out.declare_absent(key);
  }
  out.set("aws:ViaAWSService", "false");
  out.set("aws:PrincipalIsAWSService", "false");
  return out;
}

}  // namespace

Result<SharedCredential> Iam::lookup(std::string_view access_key_id) {
  const std::string id(access_key_id);
  SharedCredential found;
  uint64_t generation = 0;
  {
    std::shared_lock lock(mutex_);
    generation = generation_;
    if (const auto it = known_.find(id); it != known_.end()) found = it->second;
  }
  if (!found) {
    found = TRY(load(id));
    std::unique_lock lock(mutex_);
    if (generation == generation_ && id != "test") known_.insert_or_assign(id, found);
  }
  return found;
}

Result<SharedCredential> Iam::load(std::string_view access_key_id) {
  if (access_key_id == "test" && test_key_) {
    return std::make_shared<const Credential>(root_credential("test", "test"));
  }
  std::optional<Credential> out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_long_term(c, access_key_id));
    if (!out) out = TRY(read_session(c, access_key_id));
    return {};
  }));
  if (!out) return invalid_token();
  return std::make_shared<const Credential>(std::move(*out));
}

// The services that may take a role are those that its trust policy names: what AWS hands over as
// iam:PassedToService is always one of them, or the role would be of no use to it.
std::vector<std::string> Iam::services_passed_to(std::string_view role_arn) {
  std::vector<std::string> out;
  auto entity = role(role_arn.substr(role_arn.rfind('/') + 1));
  if (!entity || entity->arn != role_arn) return out;
  auto trust = howdah::iam::parse_policy(entity->trust, howdah::iam::DocumentKind::kTrust);
  if (!trust) return out;
  for (const auto& statement : trust->statements) {
    if (!statement.allow || statement.not_principal) continue;
    out.insert(out.end(), statement.principals.services.begin(),
               statement.principals.services.end());
  }
  return out;
}

Context Iam::full_context(const Credential& who, const Context& request) const {
  return with_caller(request, who, clock_.now());
}

Decision Iam::decide(const Credential& who, std::string_view action, std::string_view resource,
                     const Context& request) {
  if (who.policies.root && !who.policies.has_session) return {true, false, {}};
  Context context = full_context(who, request);
  if (base::equals_ignore_case(action, "iam:PassRole") && !context.find("iam:PassedToService")) {
    context.declare_absent("iam:AssociatedResourceArn");
    context.declare_absent("iam:PassedToService");
    for (const std::string& service : services_passed_to(resource)) {
      context.set("iam:PassedToService", service);
      const Decision decision = evaluate(who.policies, {action, resource, context});
      if (!decision.allowed) return decision;
    }
  }
  return evaluate(who.policies, {action, resource, context});
}

Status Iam::authorise(const Credential& who, std::string_view action, std::string_view resource,
                      const Context& request) {
  if (who.expires && *who.expires <= clock_.now()) {
    return base::Error{base::Code::kUnauthenticated,
                       "The security token included in the request is expired",
                       "ExpiredToken",
                       {}};
  }
  const Decision decision = decide(who, action, resource, request);
  if (decision.allowed) return {};
  return howdah::iam::denial(who.principal_arn, {action, resource, request}, decision);
}

}  // namespace howdah::store::iam
