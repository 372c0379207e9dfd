#include "store/iam/rows.h"

#include <fmt/format.h>

#include "iam/policy.h"
#include "store/iam/errors.h"
#include "store/iam/managed_policies.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {

constexpr char kEntityColumns[] =
    "kind, name, path, id, created, description, trust, max_session, boundary";

Entity entity_from(const db::Query& row) {
  Entity out;
  out.kind = static_cast<Kind>(row.integer(0));
  out.name = row.text(1);
  out.path = row.text(2);
  out.id = row.text(3);
  out.created = base::from_millis(row.integer(4));
  out.description = row.text(5);
  out.trust = row.text(6);
  out.max_session_seconds = row.integer(7);
  out.boundary = row.text(8);
  out.arn = arn_of(out.kind, out.path, out.name);
  return out;
}

using SharedPolicy = std::shared_ptr<const howdah::iam::Policy>;

// What was checked when it was stored can be read again; if not, the request must fail, not pass.
Result<SharedPolicy> parsed(std::string_view document, std::string_view name) {
  auto policy = howdah::iam::parse_policy(document, howdah::iam::DocumentKind::kIdentity);
  if (!policy) {
    return base::internal(fmt::format("iam.db: the stored policy {} cannot be read: {}", name,
                                      policy.error().message));
  }
  return std::make_shared<const howdah::iam::Policy>(std::move(*policy));
}

Result<SharedPolicy> managed(Connection& c, std::string_view arn) {
  if (const AwsPolicy* aws = find_aws_policy(arn)) return aws->policy;
  return parsed(TRY(default_document(c, arn)), arn);
}

Status add_policies(Connection& c, Kind kind, std::string_view name, howdah::iam::PolicyList& out) {
  const auto number = static_cast<int64_t>(kind);
  auto documents = c.query("SELECT name, document FROM inline_policy WHERE kind = ? AND entity = ?",
                           number, name);
  while (TRY(documents.next())) {
    out.push_back(TRY(parsed(documents.text(1), documents.text(0))));
  }
  std::vector<std::string> arns;
  auto attached = c.query("SELECT arn FROM attachment WHERE kind = ? AND entity = ?", number, name);
  while (TRY(attached.next())) arns.emplace_back(attached.text(0));
  for (const std::string& arn : arns) out.push_back(TRY(managed(c, arn)));
  return {};
}

}  // namespace

std::string arn_of(Kind kind, std::string_view path, std::string_view name) {
  const std::string_view word =
      kind == Kind::kInstanceProfile ? "instance-profile" : word_for(kind);
  return fmt::format("arn:aws:iam::{}:{}{}{}", kAccount, word, path, name);
}

Result<int64_t> count(db::Query query) {
  if (!TRY(query.next())) return base::internal("iam.db: a count gave no row");
  return query.integer(0);
}

Result<Entity> read_entity(Connection& c, Kind kind, std::string_view name) {
  static const std::string kSql =
      fmt::format("SELECT {} FROM entity WHERE kind = ? AND name = ?", kEntityColumns);
  auto row = c.query(kSql, static_cast<int64_t>(kind), name);
  if (!TRY(row.next())) return not_found(kind, name);
  return entity_from(row);
}

Result<std::vector<Entity>> read_entities(Connection& c, Kind kind, std::string_view path_prefix) {
  static const std::string kSql =
      fmt::format("SELECT {} FROM entity WHERE kind = ? ORDER BY name", kEntityColumns);
  std::vector<Entity> out;
  auto row = c.query(kSql, static_cast<int64_t>(kind));
  while (TRY(row.next())) {
    if (row.text(2).starts_with(path_prefix)) out.push_back(entity_from(row));
  }
  return out;
}

Result<InstanceProfile> read_profile(Connection& c, std::string_view name) {
  auto row =
      c.query("SELECT name, path, id, created, role FROM instance_profile WHERE name = ?", name);
  if (!TRY(row.next())) return not_found(Kind::kInstanceProfile, name);
  InstanceProfile out;
  out.name = row.text(0);
  out.path = row.text(1);
  out.id = row.text(2);
  out.created = base::from_millis(row.integer(3));
  out.arn = arn_of(Kind::kInstanceProfile, out.path, out.name);
  if (!row.is_null(4)) out.role = TRY(read_entity(c, Kind::kRole, std::string(row.text(4))));
  return out;
}

Result<std::vector<Tag>> read_tags(Connection& c, Kind kind, std::string_view name) {
  std::vector<Tag> out;
  auto row = c.query("SELECT key, value FROM tag WHERE kind = ? AND entity = ? ORDER BY key",
                     static_cast<int64_t>(kind), name);
  while (TRY(row.next())) out.push_back({std::string(row.text(0)), std::string(row.text(1))});
  return out;
}

Status write_tags(Connection& c, Kind kind, std::string_view name, const std::vector<Tag>& tags) {
  const auto number = static_cast<int64_t>(kind);
  for (const Tag& tag : tags) {
    TRY(c.run("INSERT OR REPLACE INTO tag (kind, entity, key, value) VALUES (?, ?, ?, ?)", number,
              name, tag.key, tag.value));
  }
  const int64_t total =
      TRY(count(c.query("SELECT count(*) FROM tag WHERE kind = ? AND entity = ?", number, name)));
  if (total > 50) {
    return limit_exceeded("The number of tags has reached the maximum limit of 50.");
  }
  return {};
}

Status remove_tags(Connection& c, Kind kind, std::string_view name) {
  TRY(c.run("DELETE FROM tag WHERE kind = ? AND entity = ?", static_cast<int64_t>(kind), name));
  return {};
}

Result<bool> policy_exists(Connection& c, std::string_view arn) {
  if (find_aws_policy(arn)) return true;
  return TRY(count(c.query("SELECT count(*) FROM policy WHERE arn = ?", arn))) > 0;
}

Result<std::string> default_document(Connection& c, std::string_view arn) {
  if (const AwsPolicy* aws = find_aws_policy(arn)) return aws->document;
  auto row = c.query(
      "SELECT v.document FROM policy p JOIN policy_version v "
      "ON v.arn = p.arn AND v.number = p.default_version WHERE p.arn = ?",
      arn);
  if (!TRY(row.next())) return not_found(Kind::kPolicy, arn);
  return std::string(row.text(0));
}

Result<howdah::iam::PolicySet> read_policies(Connection& c, const Entity& entity) {
  howdah::iam::PolicySet out;
  TRY(add_policies(c, entity.kind, entity.name, out.identity));
  if (entity.kind == Kind::kUser) {
    std::vector<std::string> groups;
    auto row = c.query("SELECT group_name FROM membership WHERE user_name = ?", entity.name);
    while (TRY(row.next())) groups.emplace_back(row.text(0));
    for (const std::string& group : groups) {
      TRY(add_policies(c, Kind::kGroup, group, out.identity));
    }
  }
  if (!entity.boundary.empty()) out.boundary = TRY(managed(c, entity.boundary));
  return out;
}

}  // namespace howdah::store::iam
