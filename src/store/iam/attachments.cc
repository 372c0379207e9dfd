#include <fmt/format.h>

#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/managed_policies.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {
constexpr int64_t kAttachmentsPerEntity = 20;
}

Status Iam::attach(Kind kind, std::string_view entity, std::string_view policy_arn) {
  return write([&](Connection& c) -> Status {
    const Entity holder = TRY(read_entity(c, kind, entity));
    if (!TRY(policy_exists(c, policy_arn))) {
      return no_such_entity(
          fmt::format("Policy {} does not exist or is not attachable.", policy_arn));
    }
    const auto number = static_cast<int64_t>(kind);
    TRY(c.run("INSERT OR IGNORE INTO attachment (kind, entity, arn) VALUES (?, ?, ?)", number,
              holder.name, policy_arn));
    const int64_t total = TRY(count(c.query(
        "SELECT count(*) FROM attachment WHERE kind = ? AND entity = ?", number, holder.name)));
    if (total > kAttachmentsPerEntity) {
      std::string word(word_for(kind));
      word[0] = static_cast<char>(word[0] - 'a' + 'A');
      return limit_exceeded(
          fmt::format("Cannot exceed quota for PoliciesPer{}: {}", word, kAttachmentsPerEntity));
    }
    return {};
  });
}

Status Iam::detach(Kind kind, std::string_view entity, std::string_view policy_arn) {
  return write([&](Connection& c) -> Status {
    TRY(read_entity(c, kind, entity));
    const int64_t removed =
        TRY(c.run("DELETE FROM attachment WHERE kind = ? AND entity = ? AND arn = ?",
                  static_cast<int64_t>(kind), entity, policy_arn));
    if (removed == 0) return not_found(Kind::kPolicy, policy_arn);
    return {};
  });
}

Result<std::vector<ManagedPolicy>> Iam::attached(Kind kind, std::string_view entity) {
  std::vector<ManagedPolicy> out;
  TRY(read([&](Connection& c) -> Status {
    TRY(read_entity(c, kind, entity));
    auto row = c.query("SELECT arn FROM attachment WHERE kind = ? AND entity = ? ORDER BY arn",
                       static_cast<int64_t>(kind), entity);
    while (TRY(row.next())) {
      ManagedPolicy policy;
      policy.arn = row.text(0);
      policy.name = policy.arn.substr(policy.arn.rfind('/') + 1);
      const size_t path = policy.arn.find('/');  // arn:aws:iam::…:policy/path/name
      policy.path = policy.arn.substr(path, policy.arn.size() - path - policy.name.size());
      policy.aws = is_aws_policy(policy.arn);
      out.push_back(std::move(policy));
    }
    return {};
  }));
  return out;
}

Result<std::vector<Entity>> Iam::holders(std::string_view policy_arn, bool as_boundary) {
  std::vector<Entity> out;
  TRY(read([&](Connection& c) -> Status {
    if (!TRY(policy_exists(c, policy_arn))) return not_found(Kind::kPolicy, policy_arn);
    std::vector<std::pair<Kind, std::string>> names;
    auto row = as_boundary
                   ? c.query("SELECT kind, name FROM entity WHERE boundary = ? ORDER BY kind, name",
                             policy_arn)
                   : c.query(
                         "SELECT kind, entity FROM attachment WHERE arn = ? "
                         "ORDER BY kind, entity",
                         policy_arn);
    while (TRY(row.next())) {
      names.emplace_back(static_cast<Kind>(row.integer(0)), std::string(row.text(1)));
    }
    for (const auto& [kind, name] : names) out.push_back(TRY(read_entity(c, kind, name)));
    return {};
  }));
  return out;
}

Result<howdah::iam::PolicySet> Iam::policies_of(Kind kind, std::string_view name) {
  howdah::iam::PolicySet out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_policies(c, TRY(read_entity(c, kind, name))));
    return {};
  }));
  return out;
}

}  // namespace howdah::store::iam
