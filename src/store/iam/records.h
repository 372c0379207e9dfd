#pragma once

// What iam.db holds, as values. Names and paths are as their makers wrote them; times are UTC.
// Ownership and threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "iam/evaluate.h"

namespace howdah::store::iam {

inline constexpr char kAccount[] = "000000000000";

enum class Kind { kRoot = 0, kUser = 1, kRole = 2, kGroup = 3, kPolicy = 4, kInstanceProfile = 5 };

struct Tag {
  std::string key;
  std::string value;
};

/// A user, a role or a group.
struct Entity {
  Kind kind = Kind::kUser;
  std::string name;
  std::string path = "/";
  std::string id;
  std::string arn;
  base::Time created;
  std::string description;
  std::string trust;                   // roles: the trust policy's text
  int64_t max_session_seconds = 3600;  // roles
  std::string boundary;                // a policy's ARN; empty: none
  std::vector<Tag> tags;
};

struct EntityChange {
  std::optional<std::string> name;
  std::optional<std::string> path;
  std::optional<std::string> description;
  std::optional<std::string> trust;
  std::optional<int64_t> max_session_seconds;
  std::optional<std::string> boundary;  // empty: remove it
};

struct ManagedPolicy {
  std::string arn;
  std::string name;
  std::string id;
  std::string path = "/";
  std::string description;
  base::Time created;
  base::Time updated;
  int64_t default_version = 1;
  int64_t attachments = 0;
  int64_t boundaries = 0;
  bool aws = false;  // AWS's own: cannot be changed
  std::vector<Tag> tags;
};

struct PolicyVersion {
  int64_t number = 1;
  std::string document;
  base::Time created;
  bool is_default = false;
};

struct InstanceProfile {
  std::string name;
  std::string path = "/";
  std::string id;
  std::string arn;
  base::Time created;
  std::optional<Entity> role;
  std::vector<Tag> tags;
};

struct AccessKey {
  std::string id;
  std::string user_name;  // empty: root
  std::string secret;     // filled only by the verb that makes the key
  bool active = true;
  base::Time created;
};

/// What a signature is checked against, and all that limits its bearer.
struct Credential {
  std::string access_key_id;
  std::string secret;
  std::string session_token;          // empty: a long-term key
  std::optional<base::Time> expires;  // temporary credentials
  std::optional<base::Time> issued;
  Kind kind = Kind::kRoot;
  std::string account;
  std::string principal_arn;  // as GetCallerIdentity says it
  std::string principal_id;   // AIDA…, AROA…:session; the account for root
  std::string name;           // the user's or role's; empty for root
  std::string role_arn;       // of an assumed role
  std::vector<Tag> tags;      // the user's or role's
  howdah::iam::PolicySet policies;
};

/// Freshly minted temporary credentials.
struct TemporaryCredentials {
  std::string access_key_id;
  std::string secret;
  std::string session_token;
  base::Time expires;
  std::string principal_arn;  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, or the user's
  std::string principal_id;
};

struct RootKey {
  std::string access_key_id;
  std::string secret;  // empty when the key is older and was already shown
};

struct Counts {
  int64_t users = 0, roles = 0, groups = 0, policies = 0, policy_versions = 0, profiles = 0;
};

}  // namespace howdah::store::iam
