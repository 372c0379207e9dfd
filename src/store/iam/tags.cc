#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/managed_policies.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {
Status require(Connection& c, Kind kind, std::string_view name) {
  if (kind == Kind::kPolicy) {
    if (!TRY(policy_exists(c, name))) return not_found(kind, name);
  } else if (kind == Kind::kInstanceProfile) {
    TRY(read_profile(c, name));
  } else {
    TRY(read_entity(c, kind, name));
  }
  return {};
}
}  // namespace

Status Iam::tag(Kind kind, std::string_view name, const std::vector<Tag>& tags) {
  if (kind == Kind::kPolicy && is_aws_policy(name)) return not_yours(name);
  return write([&](Connection& c) -> Status {
    TRY(require(c, kind, name));
    return write_tags(c, kind, name, tags);
  });
}

Status Iam::untag(Kind kind, std::string_view name, const std::vector<std::string>& keys) {
  return write([&](Connection& c) -> Status {
    TRY(require(c, kind, name));
    for (const std::string& key : keys) {
      TRY(c.run("DELETE FROM tag WHERE kind = ? AND entity = ? AND key = ?",
                static_cast<int64_t>(kind), name, key));
    }
    return {};
  });
}

Result<std::vector<Tag>> Iam::tags(Kind kind, std::string_view name) {
  std::vector<Tag> out;
  TRY(read([&](Connection& c) -> Status {
    TRY(require(c, kind, name));
    out = TRY(read_tags(c, kind, name));
    return {};
  }));
  return out;
}

}  // namespace howdah::store::iam
