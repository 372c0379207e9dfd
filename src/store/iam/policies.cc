#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "iam/policy.h"
#include "store/iam/errors.h"
#include "store/iam/iam.h"
#include "store/iam/managed_policies.h"
#include "store/iam/rows.h"

namespace howdah::store::iam {

using base::Result;
using base::Status;
using db::Connection;

namespace {

// AWS: "IAM and STS quotas"; white space is not counted.
constexpr int64_t kDocumentLimit = 6144;
constexpr int64_t kVersionLimit = 5;
constexpr int64_t kAwsPolicyTime = 1420070400000;  // 2015-01-01: no date of ours would be truer

Status check_document(std::string_view document) {
  TRY(howdah::iam::parse_policy(document, howdah::iam::DocumentKind::kIdentity));
  const auto size = std::count_if(document.begin(), document.end(), [](char c) {
    return c != ' ' && c != '\n' && c != '\r' && c != '\t';
  });
  if (size > kDocumentLimit) {
    return limit_exceeded(fmt::format("Cannot exceed quota for PolicySize: {}", kDocumentLimit));
  }
  return {};
}

base::Error no_version(std::string_view arn, std::string_view version_id) {
  return no_such_entity(
      fmt::format("Policy {} version {} does not exist or is not attachable.", arn, version_id));
}

std::optional<int64_t> version_number(std::string_view id) {
  int64_t out = 0;
  if (!id.starts_with('v')) return std::nullopt;
  id.remove_prefix(1);
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), out);
  if (error != std::errc() || end != id.data() + id.size() || out < 1) return std::nullopt;
  return out;
}

Status count_uses(Connection& c, ManagedPolicy& policy) {
  policy.attachments =
      TRY(count(c.query("SELECT count(*) FROM attachment WHERE arn = ?", policy.arn)));
  policy.boundaries =
      TRY(count(c.query("SELECT count(*) FROM entity WHERE boundary = ?", policy.arn)));
  return {};
}

constexpr char kColumns[] = "arn, name, id, path, description, created, updated, default_version";

ManagedPolicy policy_from(const db::Query& row) {
  ManagedPolicy out;
  out.arn = row.text(0);
  out.name = row.text(1);
  out.id = row.text(2);
  out.path = row.text(3);
  out.description = row.text(4);
  out.created = base::from_millis(row.integer(5));
  out.updated = base::from_millis(row.integer(6));
  out.default_version = row.integer(7);
  return out;
}

ManagedPolicy policy_from(const AwsPolicy& aws) {
  ManagedPolicy out;
  out.arn = aws.arn;
  out.name = aws.name;
  out.id = aws.id;
  out.path = aws.path;
  out.description = aws.description;
  out.created = out.updated = base::from_millis(kAwsPolicyTime);
  out.aws = true;
  return out;
}

Result<ManagedPolicy> read_policy(Connection& c, std::string_view arn) {
  ManagedPolicy out;
  if (const AwsPolicy* aws = find_aws_policy(arn)) {
    out = policy_from(*aws);
  } else {
    static const std::string kSql = fmt::format("SELECT {} FROM policy WHERE arn = ?", kColumns);
    auto row = c.query(kSql, arn);
    if (!TRY(row.next())) return not_found(Kind::kPolicy, arn);
    out = policy_from(row);
  }
  TRY(count_uses(c, out));
  return out;
}

Result<std::vector<PolicyVersion>> read_versions(Connection& c, std::string_view arn) {
  std::vector<PolicyVersion> out;
  if (const AwsPolicy* aws = find_aws_policy(arn)) {
    out.push_back({1, aws->document, base::from_millis(kAwsPolicyTime), true});
    return out;
  }
  const ManagedPolicy policy = TRY(read_policy(c, arn));
  auto row = c.query(
      "SELECT number, document, created FROM policy_version WHERE arn = ? ORDER BY number DESC",
      arn);
  while (TRY(row.next())) {
    out.push_back({row.integer(0), std::string(row.text(1)), base::from_millis(row.integer(2)),
                   row.integer(0) == policy.default_version});
  }
  return out;
}

Result<PolicyVersion> read_version(Connection& c, std::string_view arn,
                                   std::string_view version_id) {
  for (PolicyVersion& version : TRY(read_versions(c, arn))) {
    if (version_number(version_id) == version.number) return std::move(version);
  }
  return no_version(arn, version_id);
}

}  // namespace

Result<ManagedPolicy> Iam::create_policy(ManagedPolicy policy, std::string_view document) {
  TRY(check_document(document));
  policy.arn = arn_of(Kind::kPolicy, policy.path, policy.name);
  policy.id = new_id("ANPA");
  policy.created = policy.updated = now();
  TRY(write([&](Connection& c) -> Status {
    if (TRY(count(c.query("SELECT count(*) FROM policy WHERE name = ?", policy.name)))) {
      return already_exists(Kind::kPolicy, policy.name);
    }
    const int64_t time = base::to_millis(policy.created);
    TRY(
        c.run("INSERT INTO policy (arn, name, id, path, description, created, updated, "
              "default_version, last_version) VALUES (?, ?, ?, ?, ?, ?, ?, 1, 1)",
              policy.arn, policy.name, policy.id, policy.path, policy.description, time, time));
    TRY(c.run("INSERT INTO policy_version (arn, number, document, created) VALUES (?, 1, ?, ?)",
              policy.arn, document, time));
    return write_tags(c, Kind::kPolicy, policy.arn, policy.tags);
  }));
  return policy;
}

Result<ManagedPolicy> Iam::policy(std::string_view arn) {
  ManagedPolicy out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_policy(c, arn));
    out.tags = TRY(read_tags(c, Kind::kPolicy, arn));
    return {};
  }));
  return out;
}

Result<std::vector<ManagedPolicy>> Iam::policies() {
  std::vector<ManagedPolicy> out;
  for (const AwsPolicy& aws : aws_policies()) out.push_back(policy_from(aws));
  TRY(read([&](Connection& c) -> Status {
    static const std::string kSql = fmt::format("SELECT {} FROM policy", kColumns);
    {
      auto row = c.query(kSql);
      while (TRY(row.next())) out.push_back(policy_from(row));
    }
    for (ManagedPolicy& policy : out) TRY(count_uses(c, policy));
    return {};
  }));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

Status Iam::remove_policy(std::string_view arn) {
  if (is_aws_policy(arn)) return not_yours(arn);
  return write([&](Connection& c) -> Status {
    const ManagedPolicy policy = TRY(read_policy(c, arn));
    if (policy.attachments + policy.boundaries > 0) {
      return delete_conflict("Cannot delete a policy attached to entities.");
    }
    if (TRY(read_versions(c, arn)).size() > 1) {
      return delete_conflict(
          "This policy has more than one version. Before you delete a policy, you must delete the "
          "policy's versions. The default version is deleted with the policy.");
    }
    TRY(remove_tags(c, Kind::kPolicy, arn));
    TRY(c.run("DELETE FROM policy_version WHERE arn = ?", arn));
    TRY(c.run("DELETE FROM policy WHERE arn = ?", arn));
    return {};
  });
}

Result<PolicyVersion> Iam::create_policy_version(std::string_view arn, std::string_view document,
                                                 bool set_default) {
  if (is_aws_policy(arn)) return not_yours(arn);
  TRY(check_document(document));
  PolicyVersion out{0, std::string(document), now(), set_default};
  TRY(write([&](Connection& c) -> Status {
    if (TRY(read_versions(c, arn)).size() >= kVersionLimit) {
      return limit_exceeded(
          "A managed policy can have up to 5 versions. Before you create a new version, you must "
          "delete an existing version.");
    }
    const int64_t time = base::to_millis(out.created);
    TRY(c.run("UPDATE policy SET last_version = last_version + 1, updated = ? WHERE arn = ?", time,
              arn));
    out.number = TRY(count(c.query("SELECT last_version FROM policy WHERE arn = ?", arn)));
    TRY(c.run("INSERT INTO policy_version (arn, number, document, created) VALUES (?, ?, ?, ?)",
              arn, out.number, document, time));
    if (set_default) {
      TRY(c.run("UPDATE policy SET default_version = ? WHERE arn = ?", out.number, arn));
    }
    return {};
  }));
  return out;
}

Result<PolicyVersion> Iam::policy_version(std::string_view arn, std::string_view version_id) {
  PolicyVersion out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_version(c, arn, version_id));
    return {};
  }));
  return out;
}

Result<std::vector<PolicyVersion>> Iam::policy_versions(std::string_view arn) {
  std::vector<PolicyVersion> out;
  TRY(read([&](Connection& c) -> Status {
    out = TRY(read_versions(c, arn));
    return {};
  }));
  return out;
}

Status Iam::set_default_version(std::string_view arn, std::string_view version_id) {
  if (is_aws_policy(arn)) return not_yours(arn);
  return write([&](Connection& c) -> Status {
    const PolicyVersion version = TRY(read_version(c, arn, version_id));
    TRY(c.run("UPDATE policy SET default_version = ?, updated = ? WHERE arn = ?", version.number,
              base::to_millis(now()), arn));
    return {};
  });
}

Status Iam::remove_policy_version(std::string_view arn, std::string_view version_id) {
  if (is_aws_policy(arn)) return not_yours(arn);
  return write([&](Connection& c) -> Status {
    const PolicyVersion version = TRY(read_version(c, arn, version_id));
    if (version.is_default) {
      return delete_conflict("Cannot delete the default version of a policy.");
    }
    TRY(c.run("DELETE FROM policy_version WHERE arn = ? AND number = ?", arn, version.number));
    return {};
  });
}

}  // namespace howdah::store::iam
