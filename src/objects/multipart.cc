// Multipart uploads up to their parts; complete.cc makes the object of them.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "objects/errors.h"
#include "objects/names.h"
#include "objects/upload_rows.h"

namespace howdah::objects {
namespace {

// Sorts by the time of its start, so that listings are in S3's order; unguessable.
std::string new_upload_id(base::Time now, base::Ids& ids) {
  return fmt::format("{:011x}{}", base::to_millis(now), ids.token(base::kMixedAlnum, 40));
}

base::Status check_part_number(int number) {
  if (number >= 1 && number <= 10000) return base::ok();
  return invalid_argument("Part number must be an integer between 1 and 10000, inclusive",
                          "partNumber", std::to_string(number));
}

// The bytes of a file, as a Source.
class FileSource final : public Source {
 public:
  FileSource(int fd, uint64_t offset, uint64_t size) : fd_(fd), at_(offset), end_(offset + size) {}
  base::Result<size_t> read(std::span<char> into) override {
    for (;;) {
      const ssize_t got = ::pread(fd_, into.data(), std::min<uint64_t>(into.size(), end_ - at_),
                                  static_cast<off_t>(at_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return base::from_errno("reading a stored object");
      at_ += static_cast<uint64_t>(got);
      return static_cast<size_t>(got);
    }
  }

 private:
  int fd_;
  uint64_t at_;
  uint64_t end_;
};

}  // namespace

base::Result<UploadInfo> S3Store::create_upload(const UploadRequest& request) {
  const ObjectInfo& info = request.put.info;
  TRY(check_writable(info.bucket));
  TRY(check_key(info.key));
  UploadInfo upload;
  upload.started = state_->now();
  upload.id = new_upload_id(upload.started, *state_->options.ids);
  upload.bucket = info.bucket;
  upload.key = info.key;
  upload.storage_class = info.storage_class;
  upload.checksum = request.checksum;
  upload.full_object = request.full_object;
  const std::string about = encode_about(info, {});
  const std::string tags = encode_pairs(request.put.tags);
  const auto checksum =
      request.checksum ? std::optional<std::string>(field_name(*request.checksum)) : std::nullopt;
  TRY(state_->database->write([&](db::Connection& connection) -> base::Status {
    const int64_t bucket = TRY(bucket_id(connection, info.bucket));
    TRY(connection.run(
        "INSERT INTO uploads (id, bucket, key, started, storage_class, checksum, full_object, "
        "about, "
        "tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        upload.id, bucket, info.key, base::to_millis(upload.started), info.storage_class, checksum,
        request.full_object ? 1 : 0, db::Blob{about}, db::Blob{tags}));
    return base::ok();
  }));
  return upload;
}

base::Result<UploadInfo> S3Store::upload(const PartRequest& request) {
  UploadInfo info;
  TRY(state_->database->read([&](db::Connection& connection) -> base::Status {
    const int64_t bucket = TRY(bucket_id(connection, request.bucket));
    info = TRY(read_upload(connection, bucket, request)).info;
    return base::ok();
  }));
  return info;
}

base::Result<PartInfo> S3Store::put_part(const PartRequest& request, Source& source,
                                         Expected expected) {
  TRY(check_writable(request.bucket));
  TRY(check_part_number(request.number));
  const UploadInfo info = TRY(upload(request));
  if (info.checksum && std::find(expected.wanted.begin(), expected.wanted.end(), *info.checksum) ==
                           expected.wanted.end()) {
    expected.wanted.push_back(*info.checksum);
  }
  std::optional<Slots::Claim> claim;
  if (expected.size) {
    claim = TRY(state_->slots.claim(info.id, request.number, *expected.size));
  }
  const auto taken_in = [&]() -> base::Result<PartInfo> {
    Taken taken = TRY(take_in(source, expected, state_->files,
                              claim ? std::optional(claim->slot) : std::nullopt));
    PartRow part;
    part.info = {request.number, taken.size, base::to_hex(taken.md5), state_->now(),
                 std::move(taken.checksums)};
    NewFile* own = std::get_if<NewFile>(&taken.body);
    const std::string* small = std::get_if<std::string>(&taken.body);
    if (claim) {
      part.file = claim->file->name();
      part.offset = claim->slot.offset;
      part.shared = true;
    } else if (own != nullptr) {
      part.file = own->name();
    }
    std::vector<std::string> replaced;
    TRY(state_->database->write([&](db::Connection& connection) -> base::Status {
      replaced.clear();
      const int64_t bucket = TRY(bucket_id(connection, request.bucket));
      TRY(read_upload(connection, bucket, request));  // it may have ended meanwhile
      TRY(delete_part(connection, info.id, request.number, replaced));
      return write_part(connection, info.id, part, small != nullptr ? *small : std::string_view());
    }));
    if (own != nullptr) own->keep();
    if (claim) state_->slots.keep(*claim);
    state_->remove_files(replaced);
    return std::move(part.info);
  };
  auto result = taken_in();
  if (!result.ok() && claim) state_->slots.release(info.id, request.number);
  return result;
}

base::Result<PartInfo> S3Store::copy_part(const PartCopyRequest& request) {
  Row row = TRY(state_->locate(request.from_bucket, request.from_key, true));
  if (request.check_source) TRY(request.check_source(row.found));
  const uint64_t size = row.found.info.size;
  const auto [first, last] = request.range.value_or(std::pair<uint64_t, uint64_t>{0, size - 1});
  if (request.range && (first > last || last >= size)) {
    return invalid_argument(
        fmt::format("Range specified is not valid for source object of size: {}", size),
        "x-amz-copy-source-range", fmt::format("bytes={}-{}", first, last));
  }
  Expected expected;
  expected.size = last + 1 - first;
  if (const auto* text = std::get_if<std::string>(&row.found.contents.body)) {
    TextSource source(std::string_view(*text).substr(first, *expected.size));
    return put_part(request.part, source, std::move(expected));
  }
  FileSource source(std::get<base::Fd>(row.found.contents.body).get(), first, *expected.size);
  return put_part(request.part, source, std::move(expected));
}

base::Result<PartListing> S3Store::list_parts(const PartRequest& after, size_t max_parts) {
  PartListing listing;
  TRY(state_->database->read([&](db::Connection& connection) -> base::Status {
    listing = {};
    const int64_t bucket = TRY(bucket_id(connection, after.bucket));
    listing.upload = TRY(read_upload(connection, bucket, after)).info;
    for (PartRow& part : TRY(read_parts(connection, after.upload_id, after.number))) {
      if (listing.parts.size() == max_parts) {
        listing.truncated = true;
        break;
      }
      listing.parts.push_back(std::move(part.info));
    }
    return base::ok();
  }));
  return listing;
}

base::Result<UploadListing> S3Store::list_uploads(const ListRequest& request,
                                                  const std::string& after_id) {
  UploadListing listing;
  TRY(state_->database->read([&](db::Connection& connection) -> base::Status {
    listing = {};
    const int64_t bucket = TRY(bucket_id(connection, request.bucket));
    // with a key alone: all uploads of that key are passed over
    const std::string id = after_id.empty() && !request.after.empty() ? "\x7f" : after_id;
    auto query = connection.query(
        "SELECT key, id, started, storage_class, checksum, full_object FROM uploads "
        "WHERE bucket = ? AND (key, id) > (?, ?) AND key >= ? ORDER BY key, id",
        bucket, request.after, id, request.prefix);
    while (TRY(query.next())) {
      const std::string_view key = query.text(0);
      if (!key.starts_with(request.prefix)) break;
      std::string prefix;
      if (!request.delimiter.empty()) {
        const size_t at = key.find(request.delimiter, request.prefix.size());
        if (at != std::string_view::npos) prefix = key.substr(0, at + request.delimiter.size());
      }
      const bool told = !prefix.empty() && !listing.common_prefixes.empty() &&
                        listing.common_prefixes.back() == prefix;
      if (!told) {
        if (listing.uploads.size() + listing.common_prefixes.size() == request.max_keys) {
          listing.truncated = true;
          break;
        }
        if (prefix.empty()) {
          UploadInfo info;
          info.id = query.text(1);
          info.bucket = request.bucket;
          info.key = key;
          info.started = base::from_millis(query.integer(2));
          info.storage_class = query.text(3);
          if (!query.is_null(4)) info.checksum = checksum_of(query.text(4));
          info.full_object = query.integer(5) != 0;
          listing.uploads.push_back(std::move(info));
        } else {
          listing.common_prefixes.push_back(prefix);
        }
      }
      listing.next_key = key;
      listing.next_id = query.text(1);
    }
    return base::ok();
  }));
  return listing;
}

base::Status S3Store::abort(const PartRequest& request) {
  TRY(check_writable(request.bucket));
  std::vector<std::string> files;
  TRY(state_->database->write([&](db::Connection& connection) -> base::Status {
    files.clear();
    const int64_t bucket = TRY(bucket_id(connection, request.bucket));
    TRY(read_upload(connection, bucket, request));
    return delete_upload(connection, request.upload_id, files);
  }));
  const std::string shared = state_->slots.forget(request.upload_id);
  if (!shared.empty() && std::find(files.begin(), files.end(), shared) == files.end()) {
    files.push_back(shared);  // every part of it was sent again
  }
  state_->remove_files(files);
  return base::ok();
}

}  // namespace howdah::objects
