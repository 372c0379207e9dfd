#pragma once

// What one row of objects.db says, and the few statements that more than one operation needs.
// Internal to this module. Threads: those of the connection.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "db/database.h"
#include "objects/s3_store.h"

namespace howdah::objects {

/// A row of `objects`, and where its bytes are.
struct Row {
  Found found;
  std::optional<int64_t> body;  // in bodies
  std::string file;             // else here
};

/// NoSuchBucket when there is none.
base::Result<int64_t> bucket_id(db::Connection& connection, std::string_view bucket);

/// With the small body's bytes in found.contents when `with_bytes`.
base::Result<std::optional<Row>> read_row(db::Connection& connection, int64_t bucket,
                                          std::string_view key, bool with_bytes);
/// Inserts the row, its small body first. The key must be free.
base::Status insert_row(db::Connection& connection, int64_t bucket, const Found& object,
                        std::string_view small_body, std::string_view file);
/// Removes the row and its small body; its file, if any, is added to `files` to be removed once
/// this is committed.
base::Status delete_row(db::Connection& connection, int64_t bucket, std::string_view key,
                        const Row& row, std::vector<std::string>& files);

/// NoSuchKey, PreconditionFailed (AWS: "Add preconditions to S3 operations with conditional
/// requests").
base::Status check_conditions(const PutConditions& conditions, const Row* existing,
                              std::string_view key);

std::string encode_about(const ObjectInfo& info, const std::vector<uint64_t>& part_sizes);
base::Status decode_about(std::string_view about, ObjectInfo& info,
                          std::vector<uint64_t>& part_sizes);
std::string encode_pairs(const Pairs& pairs);
base::Result<Pairs> decode_pairs(std::string_view blob);

Pairs to_pairs(const std::vector<ChecksumValue>& values);  // "crc32" -> base64
std::vector<ChecksumValue> to_checksums(const Pairs& pairs);

}  // namespace howdah::objects
