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

base::Error no_policy(Kind kind, std::string_view policy) {
  return no_such_entity(
      fmt::format("The {} policy with name {} cannot be found.", word_for(kind), policy));
}

// All inline policies of one entity together, white space not counted (AWS: "IAM and STS quotas").
int64_t size_limit(Kind kind) {
  return kind == Kind::kRole ? 10240 : kind == Kind::kGroup ? 5120 : 2048;
}

int64_t size_without_space(std::string_view text) {
  int64_t out = 0;
  for (char c : text) out += c != ' ' && c != '\n' && c != '\r' && c != '\t';
  return out;
}

}  // namespace

Status Iam::put_inline_policy(Kind kind, std::string_view entity, std::string_view policy,
                              std::string_view document) {
  TRY(howdah::iam::parse_policy(document, howdah::iam::DocumentKind::kIdentity));
  return write([&](Connection& c) -> Status {
    const Entity holder = TRY(read_entity(c, kind, entity));
    const auto number = static_cast<int64_t>(kind);
    TRY(
        c.run("INSERT OR REPLACE INTO inline_policy (kind, entity, name, document) "
              "VALUES (?, ?, ?, ?)",
              number, holder.name, policy, document));
    int64_t size = 0;
    auto row = c.query("SELECT document FROM inline_policy WHERE kind = ? AND entity = ?", number,
                       holder.name);
    while (TRY(row.next())) size += size_without_space(row.text(0));
    if (size > size_limit(kind)) {
      return limit_exceeded(fmt::format("Maximum policy size of {} bytes exceeded for {} {}",
                                        size_limit(kind), word_for(kind), holder.name));
    }
    return {};
  });
}

Result<std::string> Iam::inline_policy(Kind kind, std::string_view entity,
                                       std::string_view policy) {
  std::string out;
  TRY(read([&](Connection& c) -> Status {
    TRY(read_entity(c, kind, entity));
    auto row =
        c.query("SELECT document FROM inline_policy WHERE kind = ? AND entity = ? AND name = ?",
                static_cast<int64_t>(kind), entity, policy);
    if (!TRY(row.next())) return no_policy(kind, policy);
    out = row.text(0);
    return {};
  }));
  return out;
}

Result<std::vector<std::string>> Iam::inline_policies(Kind kind, std::string_view entity) {
  std::vector<std::string> out;
  TRY(read([&](Connection& c) -> Status {
    TRY(read_entity(c, kind, entity));
    auto row = c.query("SELECT name FROM inline_policy WHERE kind = ? AND entity = ? ORDER BY name",
                       static_cast<int64_t>(kind), entity);
    while (TRY(row.next())) out.emplace_back(row.text(0));
    return {};
  }));
  return out;
}

Status Iam::remove_inline_policy(Kind kind, std::string_view entity, std::string_view policy) {
  return write([&](Connection& c) -> Status {
    TRY(read_entity(c, kind, entity));
    const int64_t removed =
        TRY(c.run("DELETE FROM inline_policy WHERE kind = ? AND entity = ? AND name = ?",
                  static_cast<int64_t>(kind), entity, policy));
    if (removed == 0) return no_policy(kind, policy);
    return {};
  });
}

}  // namespace howdah::store::iam
