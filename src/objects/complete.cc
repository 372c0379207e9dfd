// The object of a multipart upload. Parts that share one file in order, without a gap, are the
// object as they lie; others are copied into one new file (in the kernel); few bytes go into
// objects.db.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "objects/errors.h"
#include "objects/upload_rows.h"

namespace howdah::objects {
namespace {

base::Error invalid_part(const std::string& upload, const CompletedPart& part) {
  return s3_error(
      base::Code::kInvalidArgument, "InvalidPart",
      "One or more of the specified parts could not be found.  The part may not have been "
      "uploaded, or the specified entity tag may not match the part's entity tag.",
      {{"UploadId", upload}, {"PartNumber", std::to_string(part.number)}, {"ETag", part.etag}});
}

base::Error too_small(const PartInfo& part) {
  return s3_error(base::Code::kInvalidArgument, "EntityTooSmall",
                  "Your proposed upload is smaller than the minimum allowed size",
                  {{"ETag", part.etag},
                   {"MinSizeAllowed", std::to_string(Slots::kSmallest)},
                   {"ProposedSize", std::to_string(part.size)},
                   {"PartNumber", std::to_string(part.number)}});
}

bool agrees(const CompletedPart& said, const PartInfo& stored) {
  if (said.etag != stored.etag) return false;
  return std::all_of(said.checksums.begin(), said.checksums.end(), [&](const ChecksumValue& value) {
    return std::none_of(stored.checksums.begin(), stored.checksums.end(), [&](const auto& own) {
      return own.algorithm == value.algorithm && own.raw != value.raw;
    });
  });
}

// The stored parts that the client names, in its order.
base::Result<std::vector<PartRow>> chosen_parts(const CompleteRequest& request,
                                                const std::vector<PartRow>& stored) {
  if (request.parts.empty()) {
    return s3_error(
        base::Code::kInvalidArgument, "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published "
        "schema");
  }
  std::vector<PartRow> chosen;
  for (size_t i = 0; i < request.parts.size(); ++i) {
    const CompletedPart& said = request.parts[i];
    if (i > 0 && said.number <= request.parts[i - 1].number) {
      return s3_error(base::Code::kInvalidArgument, "InvalidPartOrder",
                      "The list of parts was not in ascending order. Parts must be ordered by part "
                      "number.",
                      {{"UploadId", request.upload_id}});
    }
    const auto at =
        std::lower_bound(stored.begin(), stored.end(), said.number,
                         [](const PartRow& part, int number) { return part.info.number < number; });
    if (at == stored.end() || at->info.number != said.number || !agrees(said, at->info)) {
      return invalid_part(request.upload_id, said);
    }
    chosen.push_back(*at);
  }
  for (size_t i = 0; i + 1 < chosen.size(); ++i) {
    if (chosen[i].info.size < Slots::kSmallest) return too_small(chosen[i].info);
  }
  return chosen;
}

// ETag, size, part sizes and checksums.
base::Status describe(const CompleteRequest& request, const UploadRow& upload,
                      const std::vector<PartRow>& parts, Found& object) {
  std::string md5s;
  for (const PartRow& part : parts) {
    for (size_t i = 0; i + 1 < part.info.etag.size(); i += 2) {
      md5s += static_cast<char>(std::stoi(part.info.etag.substr(i, 2), nullptr, 16));
    }
    object.info.size += part.info.size;
    object.part_sizes.push_back(part.info.size);
  }
  object.info.etag =
      fmt::format("{}-{}", base::to_hex(base::digest(base::Algorithm::kMd5, md5s)), parts.size());
  if (request.size && *request.size != object.info.size) {
    return invalid_request(
        fmt::format("The provided 'x-amz-mp-object-size' header value {} does not match what was "
                    "computed: {}",
                    *request.size, object.info.size));
  }
  if (!upload.info.checksum) return base::ok();
  std::vector<PartSum> sums;
  for (const PartRow& part : parts) {
    for (const ChecksumValue& value : part.info.checksums) {
      if (value.algorithm == *upload.info.checksum) sums.push_back({value.raw, part.info.size});
    }
  }
  if (sums.size() != parts.size()) return base::internal("a part has no checksum");
  const char* name = field_name(*upload.info.checksum);
  if (upload.info.full_object) {
    const auto whole = combined(*upload.info.checksum, sums);
    if (!whole) return base::internal("this checksum cannot be combined");
    for (const ChecksumValue& said : request.checksums) {
      if (said.algorithm == *upload.info.checksum && said.raw != *whole) {
        return s3_error(base::Code::kInvalidArgument, "BadDigest",
                        fmt::format("The {} you specified did not match the calculated checksum.",
                                    wire_name(said.algorithm)));
      }
    }
    object.info.checksums = {{name, base::to_base64(*whole)}};
    object.info.checksum_type = "FULL_OBJECT";
  } else {
    object.info.checksums = {
        {name, fmt::format("{}-{}", base::to_base64(composite(*upload.info.checksum, sums)),
                           parts.size())}};
    object.info.checksum_type = "COMPOSITE";
  }
  return base::ok();
}

// True when the parts lie in one shared file one behind the other, from its beginning.
bool lie_in_order(const std::vector<PartRow>& parts) {
  uint64_t at = 0;
  for (const PartRow& part : parts) {
    if (!part.shared || part.file != parts[0].file || part.offset != at) return false;
    at += part.info.size;
  }
  return true;
}

base::Result<std::string> part_bytes(db::Database& database, const PartRow& part) {
  std::string bytes;
  TRY(database.read([&](db::Connection& connection) -> base::Status {
    auto query = connection.query("SELECT bytes FROM bodies WHERE id = ?", *part.body);
    if (!TRY(query.next())) return no_such_upload("");  // it ended meanwhile
    bytes = query.blob(0);
    return base::ok();
  }));
  return bytes;
}

// The parts' bytes as one body. kNotFound when the upload ended meanwhile.
base::Result<std::variant<std::string, NewFile>> join_parts(S3Store::State& state,
                                                            const std::vector<PartRow>& parts,
                                                            uint64_t size) {
  std::string small;
  std::optional<NewFile> file;
  if (size > kInlineLimit) file = TRY(state.files.create());
  uint64_t at = 0;
  for (const PartRow& part : parts) {
    if (part.body) {
      const std::string bytes = TRY(part_bytes(*state.database, part));
      if (file) {
        TRY(write_at(file->fd(), bytes, at, state.files.root().string()));
      } else {
        small += bytes;
      }
    } else {
      const base::Fd from = TRY(state.files.open(part.file));
      if (file) {
        TRY(copy_bytes(from.get(), part.offset, file->fd(), at, part.info.size,
                       state.files.root().string()));
      } else {
        small += TRY(read_at(from.get(), part.offset, part.info.size, "a part"));
      }
    }
    at += part.info.size;
  }
  if (!file) return std::variant<std::string, NewFile>(std::move(small));
  TRY(state.files.make_durable(*file));
  return std::variant<std::string, NewFile>(std::move(*file));
}

// What an earlier Complete of this upload made, if its object is still the one there.
base::Result<std::optional<ObjectInfo>> completed_before(S3Store::State& state,
                                                         const CompleteRequest& request) {
  std::optional<ObjectInfo> answer;
  TRY(state.database->read([&](db::Connection& connection) -> base::Status {
    const int64_t bucket = TRY(bucket_id(connection, request.bucket));
    auto query =
        connection.query("SELECT etag FROM completed WHERE upload = ? AND bucket = ? AND key = ?",
                         request.upload_id, bucket, request.key);
    if (!TRY(query.next())) return base::ok();
    auto row = TRY(read_row(connection, bucket, request.key, false));
    if (row && row->found.info.etag == query.text(0)) {
      answer = std::move(row->found.info);
      answer->bucket = request.bucket;
    }
    return base::ok();
  }));
  return answer;
}

bool same_parts(const std::vector<PartRow>& a, const std::vector<PartRow>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const PartRow& x, const PartRow& y) {
    return x.info.number == y.info.number && x.info.etag == y.info.etag && x.file == y.file &&
           x.offset == y.offset && x.body == y.body;
  });
}

}  // namespace

base::Result<ObjectInfo> S3Store::complete(const CompleteRequest& request) {
  TRY(check_writable(request.bucket));
  const PartRequest which{request.bucket, request.key, request.upload_id, 0};
  for (int attempt = 0;; ++attempt) {
    UploadRow upload;
    std::vector<PartRow> stored;
    const base::Status read =
        state_->database->read([&](db::Connection& connection) -> base::Status {
          const int64_t bucket = TRY(bucket_id(connection, request.bucket));
          upload = TRY(read_upload(connection, bucket, which));
          stored = TRY(read_parts(connection, request.upload_id));
          return base::ok();
        });
    if (!read.ok()) {
      if (read.error().reason == "NoSuchUpload") {
        if (auto before = TRY(completed_before(*state_, request))) return std::move(*before);
      }
      return read.error();
    }
    const std::vector<PartRow> parts = TRY(chosen_parts(request, stored));
    Found object;
    object.info = upload.about;
    object.info.modified = state_->now();
    object.tags = upload.tags;
    TRY(describe(request, upload, parts, object));

    const bool in_place = object.info.size > kInlineLimit && lie_in_order(parts);
    std::variant<std::string, NewFile> body;
    if (in_place) {
      body = NewFile(nullptr, parts[0].file, base::Fd());
    } else {
      auto joined = join_parts(*state_, parts, object.info.size);
      // its files went away: another Complete or Abort was quicker; the next look shows which
      if (!joined.ok() && joined.error().code == base::Code::kNotFound && attempt < 10) continue;
      body = TRY(std::move(joined));
    }
    const uint64_t size = object.info.size;
    const std::string etag = object.info.etag;
    bool changed = false;
    const auto end_upload = [&](db::Connection& connection, int64_t bucket,
                                std::vector<std::string>& files) -> base::Status {
      changed = !same_parts(stored, TRY(read_parts(connection, request.upload_id)));
      if (changed) return base::Error{base::Code::kAborted, "parts changed meanwhile", {}, {}};
      TRY(read_upload(connection, bucket, which));
      TRY(delete_upload(connection, request.upload_id, files));
      if (in_place) std::erase(files, parts[0].file);
      TRY(connection.run(
          "INSERT INTO completed (upload, bucket, key, etag, at) VALUES (?, ?, ?, ?, ?)",
          request.upload_id, bucket, request.key, etag, base::to_millis(state_->now())));
      return base::ok();
    };
    auto made = state_->commit(std::move(object), body, request.conditions, end_upload);
    if (changed && attempt < 10) continue;
    if (!made.ok()) {
      if (made.error().reason == "NoSuchUpload") continue;
      return made;
    }
    const std::string shared = state_->slots.forget(request.upload_id);
    if (in_place) {
      // what lies behind the last part (one that was not chosen) is nobody's; a hint, not a need
      [[maybe_unused]] const int ignored =
          ::truncate(state_->files.path(parts[0].file).c_str(), static_cast<off_t>(size));
    }
    if (!shared.empty() && (!in_place || shared != parts[0].file)) state_->files.remove(shared);
    return made;
  }
}

}  // namespace howdah::objects
