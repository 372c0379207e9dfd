#include <fmt/format.h>

#include "iam/policy.h"
#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {

std::string_view id_prefix(Kind kind) {
  switch (kind) {
    case Kind::kUser:
      return "AIDA";
    case Kind::kRole:
      return "AROA";
    default:
      return "AGPA";
  }
}

Status check_trust(std::string_view document) {
  if (document.size() > 4096) return limit_exceeded("Cannot exceed quota for ACLSizePerRole: 4096");
  TRY(howdah::iam::parse_policy(document, howdah::iam::DocumentKind::kTrust));
  return {};
}

Status check_boundary(Connection& c, std::string_view arn) {
  if (arn.empty() || TRY(policy_exists(c, arn))) return {};
  return no_such_entity(fmt::format("Scope ARN: {} does not exist or is not attachable.", arn));
}

Result<bool> exists(Connection& c, Kind kind, std::string_view name) {
  return TRY(count(c.query("SELECT count(*) FROM entity WHERE kind = ? AND name = ?",
                           static_cast<int64_t>(kind), name))) > 0;
}

// What must be gone first, in the order in which AWS names it.
Status check_unused(Connection& c, Kind kind, std::string_view name) {
  const auto number = static_cast<int64_t>(kind);
  const auto conflict = [](std::string_view what) {
    return delete_conflict(fmt::format("Cannot delete entity, must {} first.", what));
  };
  if (TRY(count(c.query("SELECT count(*) FROM attachment WHERE kind = ? AND entity = ?", number,
                        name)))) {
    return conflict("detach all policies");
  }
  if (TRY(count(c.query("SELECT count(*) FROM inline_policy WHERE kind = ? AND entity = ?", number,
                        name)))) {
    return conflict("delete policies");
  }
  if (kind == Kind::kRole &&
      TRY(count(c.query("SELECT count(*) FROM instance_profile WHERE role = ?", name)))) {
    return conflict("remove roles from instance profile");
  }
  if (kind == Kind::kUser) {
    if (TRY(count(c.query("SELECT count(*) FROM access_key WHERE user_name = ?", name)))) {
      return conflict("delete access keys");
    }
    if (TRY(count(c.query("SELECT count(*) FROM membership WHERE user_name = ?", name)))) {
      return conflict("remove users from group");
    }
  }
  if (kind == Kind::kGroup &&
      TRY(count(c.query("SELECT count(*) FROM membership WHERE group_name = ?", name)))) {
    return conflict("remove users from group");
  }
  return {};
}

// Everything that refers to a user or group by its name follows a new one.
Status rename(Connection& c, Kind kind, std::string_view name, std::string_view to) {
  const auto number = static_cast<int64_t>(kind);
  for (const char* sql : {"UPDATE entity SET name = ? WHERE kind = ? AND name = ?",
                          "UPDATE inline_policy SET entity = ? WHERE kind = ? AND entity = ?",
                          "UPDATE attachment SET entity = ? WHERE kind = ? AND entity = ?",
                          "UPDATE tag SET entity = ? WHERE kind = ? AND entity = ?",
                          "UPDATE session SET entity = ? WHERE kind = ? AND entity = ?"}) {
    TRY(c.run(sql, to, number, name));
  }
  if (kind == Kind::kUser) {
    TRY(c.run("UPDATE membership SET user_name = ? WHERE user_name = ?", to, name));
    TRY(c.run("UPDATE access_key SET user_name = ? WHERE user_name = ?", to, name));
  } else {
    TRY(c.run("UPDATE membership SET group_name = ? WHERE group_name = ?", to, name));
  }
  return {};
}

}  // namespace

Result<Entity> Iam::create(Entity entity) {
  if (entity.kind == Kind::kRole) TRY(check_trust(entity.trust));
  entity.id = new_id(id_prefix(entity.kind));
  entity.created = now();
  entity.arn = arn_of(entity.kind, entity.path, entity.name);
  TRY(write([&](Connection& c) -> Status {
    if (TRY(exists(c, entity.kind, entity.name))) return already_exists(entity.kind, entity.name);
    TRY(check_boundary(c, entity.boundary));
    TRY(
        c.run("INSERT INTO entity (kind, name, path, id, created, description, trust, max_session, "
              "boundary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
              static_cast<int64_t>(entity.kind), entity.name, entity.path, entity.id,
              base::to_millis(entity.created), entity.description, entity.trust,
              entity.max_session_seconds, entity.boundary));
    return write_tags(c, entity.kind, entity.name, entity.tags);
  }));
  return entity;
}

Result<Entity> Iam::entity(Kind kind, std::string_view name) {
  Entity out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_entity(c, kind, name));
    out.tags = TRY(read_tags(c, kind, out.name));
    return {};
  }));
  return out;
}

Result<std::vector<Entity>> Iam::entities(Kind kind, std::string_view path_prefix) {
  std::vector<Entity> out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_entities(c, kind, path_prefix));
    return {};
  }));
  return out;
}

Result<Entity> Iam::update(Kind kind, std::string_view name, const EntityChange& change) {
  if (change.trust) TRY(check_trust(*change.trust));
  Entity out;
  TRY(write([&](Connection& c) -> Status {
    out = TRY(read_entity(c, kind, name));
    if (change.boundary) TRY(check_boundary(c, *change.boundary));
    if (change.name && *change.name != out.name) {
      const bool same = TRY(read_entity(c, kind, name)).name == *change.name;
      if (!same && TRY(exists(c, kind, *change.name))) return already_exists(kind, *change.name);
      TRY(rename(c, kind, out.name, *change.name));
      out.name = *change.name;
    }
    if (change.path) out.path = *change.path;
    if (change.description) out.description = *change.description;
    if (change.trust) out.trust = *change.trust;
    if (change.max_session_seconds) out.max_session_seconds = *change.max_session_seconds;
    if (change.boundary) out.boundary = *change.boundary;
    out.arn = arn_of(kind, out.path, out.name);
    TRY(
        c.run("UPDATE entity SET path = ?, description = ?, trust = ?, max_session = ?, "
              "boundary = ? WHERE kind = ? AND name = ?",
              out.path, out.description, out.trust, out.max_session_seconds, out.boundary,
              static_cast<int64_t>(kind), out.name));
    out.tags = TRY(read_tags(c, kind, out.name));
    return {};
  }));
  return out;
}

Status Iam::remove(Kind kind, std::string_view name) {
  return write([&](Connection& c) -> Status {
    const Entity entity = TRY(read_entity(c, kind, name));
    TRY(check_unused(c, kind, entity.name));
    TRY(remove_tags(c, kind, entity.name));
    TRY(c.run("DELETE FROM session WHERE entity_id = ?", entity.id));
    TRY(c.run("DELETE FROM entity WHERE kind = ? AND name = ?", static_cast<int64_t>(kind),
              entity.name));
    return {};
  });
}

Status Iam::add_to_group(std::string_view group, std::string_view user) {
  return write([&](Connection& c) -> Status {
    const Entity to = TRY(read_entity(c, Kind::kGroup, group));
    const Entity who = TRY(read_entity(c, Kind::kUser, user));
    TRY(c.run("INSERT OR IGNORE INTO membership (user_name, group_name) VALUES (?, ?)", who.name,
              to.name));
    return {};
  });
}

Status Iam::remove_from_group(std::string_view group, std::string_view user) {
  return write([&](Connection& c) -> Status {
    TRY(read_entity(c, Kind::kGroup, group));
    TRY(read_entity(c, Kind::kUser, user));
    TRY(c.run("DELETE FROM membership WHERE user_name = ? AND group_name = ?", user, group));
    return {};
  });
}

Result<std::vector<Entity>> Iam::members(std::string_view group) {
  std::vector<Entity> out;
  TRY(read([&](Connection& c) -> Status {
    TRY(read_entity(c, Kind::kGroup, group));
    std::vector<std::string> names;
    auto row =
        c.query("SELECT user_name FROM membership WHERE group_name = ? ORDER BY user_name", group);
    while (TRY(row.next())) names.emplace_back(row.text(0));
    for (const std::string& name : names) out.push_back(TRY(read_entity(c, Kind::kUser, name)));
    return {};
  }));
  return out;
}

Result<std::vector<Entity>> Iam::groups_of(std::string_view user) {
  std::vector<Entity> out;
  TRY(read([&](Connection& c) -> Status {
    TRY(read_entity(c, Kind::kUser, user));
    std::vector<std::string> names;
    auto row =
        c.query("SELECT group_name FROM membership WHERE user_name = ? ORDER BY group_name", user);
    while (TRY(row.next())) names.emplace_back(row.text(0));
    for (const std::string& name : names) out.push_back(TRY(read_entity(c, Kind::kGroup, name)));
    return {};
  }));
  return out;
}

Result<Counts> Iam::counts() {
  Counts out;
  TRY(read([&](Connection& c) -> Status {
    out.users = TRY(count(c.query("SELECT count(*) FROM entity WHERE kind = 1")));
    out.roles = TRY(count(c.query("SELECT count(*) FROM entity WHERE kind = 2")));
    out.groups = TRY(count(c.query("SELECT count(*) FROM entity WHERE kind = 3")));
    out.policies = TRY(count(c.query("SELECT count(*) FROM policy")));
    out.policy_versions = TRY(count(c.query("SELECT count(*) FROM policy_version")));
    out.profiles = TRY(count(c.query("SELECT count(*) FROM instance_profile")));
    return {};
  }));
  return out;
}

}  // namespace howdah::store::iam
