#include <fmt/format.h>

#include "base/json.h"
#include "iam/policy.h"
#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {

// Null when no session policies were given: an empty list would allow nothing.
Result<std::optional<std::string>> to_json(
    const std::optional<std::vector<std::string>>& policies) {
  if (!policies) return std::optional<std::string>();
  base::JsonArray list;
  for (const std::string& document : *policies) {
    TRY(howdah::iam::parse_policy(document, howdah::iam::DocumentKind::kIdentity));
    list.emplace_back(document);
  }
  return std::optional<std::string>(base::to_text(base::Json(std::move(list))));
}

}  // namespace

Result<TemporaryCredentials> Iam::mint_session(std::string_view role_name,
                                               std::string_view session_name,
                                               std::chrono::seconds duration) {
  return mint(Kind::kRole, role_name, session_name, duration, std::nullopt);
}

Result<TemporaryCredentials> Iam::mint_session(
    std::string_view role_name, std::string_view session_name, std::chrono::seconds duration,
    const std::optional<std::vector<std::string>>& policies) {
  return mint(Kind::kRole, role_name, session_name, duration, policies);
}

Result<TemporaryCredentials> Iam::mint_session_of(const Credential& who,
                                                  std::chrono::seconds duration) {
  return mint(who.kind, who.name, "", duration, std::nullopt);
}

Result<TemporaryCredentials> Iam::mint(Kind kind, std::string_view name,
                                       std::string_view session_name, std::chrono::seconds duration,
                                       const std::optional<std::vector<std::string>>& policies) {
  const std::optional<std::string> stored = TRY(to_json(policies));
  TemporaryCredentials out;
  out.access_key_id = new_id("ASIA", 16);
  out.secret = new_secret();
  out.session_token = "FwoGZXIvYXdzE" + ids_.token(base::kMixedAlnum, 243);
  const base::Time issued = now();
  out.expires = issued + duration;
  TRY(write([&](Connection& c) -> Status {
    std::string entity_id = kAccount;
    out.principal_arn = fmt::format("arn:aws:iam::{}:root", kAccount);
    out.principal_id = kAccount;
    if (kind != Kind::kRoot) {
      const Entity entity = TRY(read_entity(c, kind, name));
      entity_id = entity.id;
      const bool role = kind == Kind::kRole;
      out.principal_arn = role ? fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", kAccount,
                                             entity.name, session_name)
                               : entity.arn;
      out.principal_id = role ? fmt::format("{}:{}", entity.id, session_name) : entity.id;
    }
    TRY(c.run("DELETE FROM session WHERE expires < ?",
              base::to_millis(issued - std::chrono::hours(24))));
    TRY(
        c.run("INSERT INTO session (id, secret, token, issued, expires, kind, entity, entity_id, "
              "session_name, policies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              out.access_key_id, out.secret, out.session_token, base::to_millis(issued),
              base::to_millis(out.expires), static_cast<int64_t>(kind), name, entity_id,
              session_name, stored));
    return {};
  }));
  return out;
}

}  // namespace howdah::store::iam
