// Single objects: put, get, copy, delete, tags.

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/text.h"
#include "objects/errors.h"
#include "objects/names.h"
#include "objects/state.h"

namespace howdah::objects {
namespace {

// A taken body without a slot is in memory or in a file.
std::variant<std::string, NewFile> stored_body(Taken& taken) {
  if (auto* file = std::get_if<NewFile>(&taken.body)) return std::move(*file);
  return std::move(std::get<std::string>(taken.body));
}

bool is_small(const Row& row) { return row.file.empty(); }

// MD5 and `wanted` of bytes that are stored already.
base::Result<std::vector<ChecksumValue>> sum_stored(const Contents& contents, uint64_t size,
                                                    Checksum wanted) {
  Summer summer(std::span(&wanted, 1));
  if (const auto* text = std::get_if<std::string>(&contents.body)) {
    summer.update(*text);
  } else {
    constexpr uint64_t kPiece = 1 << 20;
    const int fd = std::get<base::Fd>(contents.body).get();
    for (uint64_t at = 0; at < size; at += kPiece) {
      summer.update(TRY(read_at(fd, at, std::min(kPiece, size - at), "a stored object")));
    }
  }
  summer.finish();
  return std::move(summer.values);
}

base::Status check_copy(const CopyRequest& request, const Found& source) {
  if (source.info.size > kMaxPut) {
    return invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: "
        "5368709120");
  }
  const ObjectInfo& to = request.to.info;
  if (stored_name(request.from_bucket) == stored_name(to.bucket) && request.from_key == to.key &&
      !request.replace_metadata && to.storage_class == source.info.storage_class) {
    return invalid_request(
        "This copy request is illegal because it is trying to copy an object to itself without "
        "changing the object's metadata, storage class, website redirect location or encryption "
        "attributes.");
  }
  return base::ok();
}

}  // namespace

base::Result<ObjectInfo> S3Store::put(const PutRequest& request, Source& source,
                                      const Expected& expected) {
  TRY(check_writable(request.info.bucket));
  TRY(check_key(request.info.key));
  if (!TRY(bucket_exists(request.info.bucket))) return no_such_bucket(request.info.bucket);
  Taken taken = TRY(take_in(source, expected, state_->files));
  Found object;
  object.info = request.info;
  object.info.size = taken.size;
  object.info.etag = base::to_hex(taken.md5);
  object.info.modified = state_->now();
  object.info.checksums = to_pairs(taken.checksums);
  object.info.checksum_type = taken.checksums.empty() ? "" : "FULL_OBJECT";
  object.tags = request.tags;
  auto body = stored_body(taken);
  return state_->commit(std::move(object), body, request.conditions);
}

base::Status S3Store::put_text(const std::string& bucket, const std::string& key,
                               std::string_view text, const std::string& content_type) {
  TextSource source(text);
  return put_from(bucket, key, source, content_type);
}

base::Status S3Store::put_from(const std::string& bucket, const std::string& key, Source& source,
                               const std::string& content_type) {
  PutRequest request;
  request.info.bucket = bucket;
  request.info.key = key;
  request.info.system_metadata = {{"content-type", content_type}};
  TRY(put(request, source, {}));
  return base::ok();
}

base::Result<Found> S3Store::get(const std::string& bucket, const std::string& key) {
  return std::move(TRY(state_->locate(bucket, key, true)).found);
}

base::Result<Found> S3Store::find(const std::string& bucket, const std::string& key) {
  return std::move(TRY(state_->locate(bucket, key, false)).found);
}

base::Result<ObjectInfo> S3Store::head(const std::string& bucket, const std::string& key) {
  return std::move(TRY(find(bucket, key)).info);
}

base::Result<std::string> S3Store::get_text(const std::string& bucket, const std::string& key,
                                            size_t limit) {
  Found found = TRY(get(bucket, key));
  if (found.info.size > limit) {
    return base::Error{base::Code::kResourceExhausted,
                       fmt::format("s3://{}/{} has {} bytes, more than the {} that are read here",
                                   bucket, key, found.info.size, limit),
                       {},
                       {}};
  }
  if (auto* text = std::get_if<std::string>(&found.contents.body)) return std::move(*text);
  return read_at(std::get<base::Fd>(found.contents.body).get(), 0, found.info.size,
                 fmt::format("s3://{}/{}", bucket, key));
}

base::Result<ObjectInfo> S3Store::copy(const CopyRequest& request) {
  TRY(check_writable(request.to.info.bucket));
  TRY(check_key(request.to.info.key));
  for (int attempt = 0;; ++attempt) {
    Row row = TRY(state_->locate(request.from_bucket, request.from_key, true));
    Found& source = row.found;
    if (request.check_source) TRY(request.check_source(source));
    TRY(check_copy(request, source));

    Found object;
    object.info = source.info;
    object.part_sizes = source.part_sizes;
    object.info.bucket = request.to.info.bucket;
    object.info.key = request.to.info.key;
    object.info.storage_class = request.to.info.storage_class;
    object.info.modified = state_->now();
    if (request.replace_metadata) {
      object.info.system_metadata = request.to.info.system_metadata;
      object.info.user_metadata = request.to.info.user_metadata;
    }
    object.tags = request.replace_tags ? request.to.tags : source.tags;
    const auto has = [&](Checksum wanted) {
      return !source.info.checksums.empty() && source.info.checksums[0].first == field_name(wanted);
    };
    if (request.checksum && !has(*request.checksum)) {
      object.info.checksums =
          to_pairs(TRY(sum_stored(source.contents, source.info.size, *request.checksum)));
      object.info.checksum_type = "FULL_OBJECT";
    }

    std::variant<std::string, NewFile> body;
    if (is_small(row)) {
      body = std::move(std::get<std::string>(source.contents.body));
    } else {
      auto second = state_->files.duplicate(row.file);
      // deleted or replaced since it was read: the copy begins again with what is there now
      if (!second.ok() && second.error().code == base::Code::kNotFound && attempt < 100) continue;
      body = TRY(std::move(second));
      TRY(state_->files.make_durable(std::get<NewFile>(body)));
    }
    return state_->commit(std::move(object), body, request.to.conditions);
  }
}

base::Status S3Store::remove(const std::string& bucket, const std::string& key,
                             const std::optional<std::string>& if_match) {
  TRY(check_writable(bucket));
  std::vector<std::string> files;
  const PutConditions conditions{if_match, false};
  TRY(state_->database->write([&](db::Connection& connection) -> base::Status {
    files.clear();
    const int64_t id = TRY(bucket_id(connection, bucket));
    const auto row = TRY(read_row(connection, id, key, false));
    TRY(check_conditions(conditions, row ? &*row : nullptr, key));
    return row ? delete_row(connection, id, key, *row, files) : base::ok();
  }));
  state_->remove_files(files);
  return base::ok();
}

base::Status S3Store::remove_all(const std::string& bucket, std::span<const std::string> keys) {
  TRY(check_writable(bucket));
  std::vector<std::string> files;
  TRY(state_->database->write([&](db::Connection& connection) -> base::Status {
    files.clear();
    const int64_t id = TRY(bucket_id(connection, bucket));
    for (const std::string& key : keys) {
      const auto row = TRY(read_row(connection, id, key, false));
      if (row) TRY(delete_row(connection, id, key, *row, files));
    }
    return base::ok();
  }));
  state_->remove_files(files);
  return base::ok();
}

base::Status S3Store::set_tags(const std::string& bucket, const std::string& key,
                               const Pairs& tags) {
  TRY(check_writable(bucket));
  return state_->database->write([&](db::Connection& connection) -> base::Status {
    const int64_t id = TRY(bucket_id(connection, bucket));
    const std::string blob = encode_pairs(tags);
    const auto value = tags.empty() ? std::optional<db::Blob>() : std::optional(db::Blob{blob});
    const int64_t changed = TRY(
        connection.run("UPDATE objects SET tags = ? WHERE bucket = ? AND key = ?", value, id, key));
    return changed == 1 ? base::ok() : base::Status(no_such_key(key));
  });
}

}  // namespace howdah::objects
