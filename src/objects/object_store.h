#pragma once

// S3's semantics without its wire: buckets and objects, conditional and atomic writes, multipart
// uploads, ordered listing. A put is durable (fsync of file and folder, or a FULL commit) before it
// succeeds. Small objects (<= 64 KiB) live in objects.db, large ones are files. Bodies stream.
// Ownership: the store owns <data>/objects.db and <data>/objects/. Threads: concurrent calls
// allowed. Errors carry in `reason` the S3 code (NoSuchBucket, NoSuchKey, PreconditionFailed, …).

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace howdah::objects {

/// Bytes to store, read once in order; 0 at the end (same contract as http::BodyReader).
class Source {
 public:
  virtual ~Source() = default;
  virtual base::Result<size_t> read(std::span<char> into) = 0;
};

/// A Source over text in memory.
class TextSource final : public Source {
 public:
  explicit TextSource(std::string_view text) : left_(text) {}
  base::Result<size_t> read(std::span<char> into) override;

 private:
  std::string_view left_;
};

struct ObjectInfo {
  std::string bucket;
  std::string key;
  uint64_t size = 0;
  std::string etag;  // without quotes; "<md5>" or "<md5 of md5s>-<parts>"
  base::Time modified;
  std::vector<std::pair<std::string, std::string>>
      system_metadata;  // content-type, cache-control, …
  std::vector<std::pair<std::string, std::string>> user_metadata;  // names without x-amz-meta-
  std::vector<std::pair<std::string, std::string>>
      checksums;              // "crc32" -> base64 (composite: "…-N")
  std::string checksum_type;  // FULL_OBJECT, COMPOSITE or empty
  std::string storage_class = "STANDARD";
};

struct ListedObject {
  std::string key;
  uint64_t size = 0;
  std::string etag;
  base::Time modified;
  std::string storage_class;
};

struct Listing {
  std::vector<ListedObject> objects;
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string next;  // resume strictly after this key or prefix
};

struct PutConditions {
  std::optional<std::string> if_match;  // ETag without quotes
  bool if_none_match = false;           // If-None-Match: *
};

/// What is stored is an open file or bytes; either may be sent while the object is replaced or
/// deleted.
struct Contents {
  std::variant<std::string, base::Fd> body;
};

// The part that the rest of the server needs (logs, samples); objects/*.h adds what S3's API needs.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual base::Status create_bucket(const std::string& bucket, const std::string& region) = 0;
  virtual base::Result<bool> bucket_exists(const std::string& bucket) = 0;
  /// Text as an object, atomically, durable on return. NoSuchBucket when there is none.
  virtual base::Status put_text(const std::string& bucket, const std::string& key,
                                std::string_view text, const std::string& content_type) = 0;
  /// What `source` gives as an object, atomically, durable on return; streamed, never held in
  /// memory.
  virtual base::Status put_from(const std::string& bucket, const std::string& key, Source& source,
                                const std::string& content_type) = 0;
  /// A whole small object (at most `limit` bytes).
  virtual base::Result<std::string> get_text(const std::string& bucket, const std::string& key,
                                             size_t limit) = 0;
  virtual base::Result<ObjectInfo> head(const std::string& bucket, const std::string& key) = 0;
};

}  // namespace howdah::objects
