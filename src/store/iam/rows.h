#pragma once

// Reading and writing single rows of iam.db inside a transaction: what several verbs need.
// Threads and failure: as db::Connection.

#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "store/iam/records.h"

namespace howdah::store::iam {

std::string arn_of(Kind kind, std::string_view path, std::string_view name);

/// Without its tags. NoSuchEntity.
base::Result<Entity> read_entity(db::Connection& c, Kind kind, std::string_view name);
base::Result<std::vector<Entity>> read_entities(db::Connection& c, Kind kind,
                                                std::string_view path_prefix);
/// Without its tags. NoSuchEntity.
base::Result<InstanceProfile> read_profile(db::Connection& c, std::string_view name);

base::Result<std::vector<Tag>> read_tags(db::Connection& c, Kind kind, std::string_view name);
base::Status write_tags(db::Connection& c, Kind kind, std::string_view name,
                        const std::vector<Tag>& tags);
base::Status remove_tags(db::Connection& c, Kind kind, std::string_view name);

/// Is it there: ours in the table, or one of AWS's?
base::Result<bool> policy_exists(db::Connection& c, std::string_view arn);
/// The default version's text. NoSuchEntity.
base::Result<std::string> default_document(db::Connection& c, std::string_view arn);

base::Result<int64_t> count(db::Query query);

/// The policies that decide for a user, role or group; a user's groups are included.
base::Result<howdah::iam::PolicySet> read_policies(db::Connection& c, const Entity& entity);

}  // namespace howdah::store::iam
