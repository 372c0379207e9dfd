#include "objects/rows.h"

#include <charconv>

#include "base/text.h"
#include "objects/errors.h"
#include "objects/names.h"

namespace howdah::objects {
namespace {

base::Error damaged() {
  return base::internal("objects.db: the metadata of an object cannot be read");
}

}  // namespace

base::Result<int64_t> bucket_id(db::Connection& connection, std::string_view bucket) {
  const std::string_view name = stored_name(bucket);
  auto query = connection.query("SELECT id FROM buckets WHERE name = ?", name);
  if (!TRY(query.next())) return no_such_bucket(bucket);
  return query.integer(0);
}

base::Result<std::optional<Row>> read_row(db::Connection& connection, int64_t bucket,
                                          std::string_view key, bool with_bytes) {
  auto query = connection.query(
      "SELECT size, etag, modified, storage_class, body, file, about, tags FROM objects "
      "WHERE bucket = ? AND key = ?",
      bucket, key);
  if (!TRY(query.next())) return std::optional<Row>();
  Row row;
  ObjectInfo& info = row.found.info;
  info.key = key;
  info.size = static_cast<uint64_t>(query.integer(0));
  info.etag = query.text(1);
  info.modified = base::from_millis(query.integer(2));
  info.storage_class = query.text(3);
  if (!query.is_null(4)) row.body = query.integer(4);
  row.file = query.text(5);
  TRY(decode_about(query.blob(6), info, row.found.part_sizes));
  if (!query.is_null(7)) row.found.tags = TRY(decode_pairs(query.blob(7)));
  if (with_bytes && row.body) {
    auto bytes = connection.query("SELECT bytes FROM bodies WHERE id = ?", *row.body);
    if (!TRY(bytes.next())) return damaged();
    row.found.contents.body = std::string(bytes.blob(0));
  }
  return std::optional<Row>(std::move(row));
}

base::Status insert_row(db::Connection& connection, int64_t bucket, const Found& object,
                        std::string_view small_body, std::string_view file) {
  std::optional<int64_t> body;
  if (file.empty()) {
    TRY(connection.run("INSERT INTO bodies (bytes) VALUES (?)", db::Blob{small_body}));
    body = connection.last_insert_rowid();
  }
  const std::optional<std::string_view> name =
      file.empty() ? std::nullopt : std::optional<std::string_view>(file);
  const std::string about = encode_about(object.info, object.part_sizes);
  const std::string tags = object.tags.empty() ? std::string() : encode_pairs(object.tags);
  const auto tags_blob =
      object.tags.empty() ? std::optional<db::Blob>() : std::optional<db::Blob>(db::Blob{tags});
  const ObjectInfo& info = object.info;
  TRY(connection.run(
      "INSERT INTO objects (bucket, key, size, etag, modified, storage_class, body, file, about, "
      "tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      bucket, info.key, info.size, info.etag, base::to_millis(info.modified), info.storage_class,
      body, name, db::Blob{about}, tags_blob));
  return base::ok();
}

base::Status delete_row(db::Connection& connection, int64_t bucket, std::string_view key,
                        const Row& row, std::vector<std::string>& files) {
  TRY(connection.run("DELETE FROM objects WHERE bucket = ? AND key = ?", bucket, key));
  if (row.body) TRY(connection.run("DELETE FROM bodies WHERE id = ?", *row.body));
  if (!row.file.empty()) files.push_back(row.file);
  return base::ok();
}

base::Status check_conditions(const PutConditions& conditions, const Row* existing,
                              std::string_view key) {
  if (conditions.if_none_match && existing != nullptr) return precondition_failed("If-None-Match");
  if (conditions.if_match) {
    if (existing == nullptr) return no_such_key(key);
    if (*conditions.if_match != "*" && *conditions.if_match != existing->found.info.etag) {
      return precondition_failed("If-Match");
    }
  }
  return base::ok();
}

std::string encode_about(const ObjectInfo& info, const std::vector<uint64_t>& part_sizes) {
  std::string blob;
  put_pairs(blob, info.system_metadata);
  put_pairs(blob, info.user_metadata);
  put_pairs(blob, info.checksums);
  put_field(blob, info.checksum_type);
  std::string sizes;
  for (uint64_t size : part_sizes) sizes += std::to_string(size) + ' ';
  put_field(blob, sizes);
  return blob;
}

base::Status decode_about(std::string_view about, ObjectInfo& info,
                          std::vector<uint64_t>& part_sizes) {
  auto system = take_pairs(about);
  auto user = take_pairs(about);
  auto checksums = take_pairs(about);
  const auto type = take_field(about);
  const auto sizes = take_field(about);
  if (!system || !user || !checksums || !type || !sizes) return damaged();
  info.system_metadata = std::move(*system);
  info.user_metadata = std::move(*user);
  info.checksums = std::move(*checksums);
  info.checksum_type = *type;
  for (const char *at = sizes->data(), *end = at + sizes->size(); at != end; ++at) {
    uint64_t size = 0;
    const auto parsed = std::from_chars(at, end, size);
    if (parsed.ec != std::errc() || parsed.ptr == end) return damaged();
    part_sizes.push_back(size);
    at = parsed.ptr;
  }
  return base::ok();
}

std::string encode_pairs(const Pairs& pairs) {
  std::string blob;
  put_pairs(blob, pairs);
  return blob;
}

base::Result<Pairs> decode_pairs(std::string_view blob) {
  auto pairs = take_pairs(blob);
  if (!pairs) return damaged();
  return std::move(*pairs);
}

Pairs to_pairs(const std::vector<ChecksumValue>& values) {
  Pairs pairs;
  for (const ChecksumValue& value : values) {
    pairs.emplace_back(field_name(value.algorithm), base::to_base64(value.raw));
  }
  return pairs;
}

std::vector<ChecksumValue> to_checksums(const Pairs& pairs) {
  std::vector<ChecksumValue> values;
  for (const auto& [name, text] : pairs) {
    const auto algorithm = checksum_of(name);
    auto raw = base::from_base64(text);
    if (algorithm && raw) values.push_back({*algorithm, std::move(*raw)});
  }
  return values;
}

}  // namespace howdah::objects
