#pragma once

// The store behind the S3 API: everything of ObjectStore, and what S3's operations need beyond it.
//
// What is true lies in objects.db; a large body lies in a file that never changes once a row names
// it. A put writes and syncs its file first and commits its row last, so a crash at any point
// leaves the old object or the new one, and at worst a file that no row names, which the next start
// sweeps away. The conditions of a write are looked at in the same transaction that makes it.
//
// Ownership: owns <folder>/objects.db and <folder>/objects/. Threads: concurrent calls allowed.
// Failure: S3's codes in `reason`; a full disk is kResourceExhausted with nothing half written.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "objects/fields.h"
#include "objects/intake.h"
#include "objects/object_store.h"

namespace howdah::objects {

struct BucketInfo {
  std::string name;
  std::string region;
  base::Time created;
};

/// An object as it is found; `contents` only from get().
struct Found {
  ObjectInfo info;
  std::vector<uint64_t> part_sizes;  // of a multipart object, in order; else empty
  Pairs tags;
  Contents contents;
};

/// What is written beside the bytes. Of `info`: bucket, key, metadata and storage class.
struct PutRequest {
  ObjectInfo info;
  Pairs tags;
  PutConditions conditions;
};

struct CopyRequest {
  std::string from_bucket;
  std::string from_key;
  PutRequest to;
  bool replace_metadata = false;  // else metadata comes from the source
  bool replace_tags = false;
  std::optional<Checksum> checksum;  // to be computed when the source has none of that kind
  /// Looks at the source (its conditions) before anything is copied.
  std::function<base::Status(const Found&)> check_source;
};

struct ListRequest {
  std::string bucket;
  std::string prefix;
  std::string delimiter;  // empty: none
  std::string after;      // strictly after this key or common prefix
  size_t max_keys = 1000;
};

struct UploadRequest {
  PutRequest put;                    // its conditions are not used
  std::optional<Checksum> checksum;  // computed for every part
  bool full_object = false;          // its type: of the whole object, not of the parts' checksums
};

struct UploadInfo {
  std::string id;
  std::string bucket;
  std::string key;
  base::Time started;
  std::string storage_class;
  std::optional<Checksum> checksum;
  bool full_object = false;
};

struct PartInfo {
  int number = 0;
  uint64_t size = 0;
  std::string etag;
  base::Time modified;
  std::vector<ChecksumValue> checksums;
};

struct PartListing {
  UploadInfo upload;
  std::vector<PartInfo> parts;
  bool truncated = false;  // resume after parts.back().number
};

struct UploadListing {
  std::vector<UploadInfo> uploads;
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string next_key;  // resume after this key and id
  std::string next_id;
};

/// Which part, of which upload, of which object.
struct PartRequest {
  std::string bucket;
  std::string key;
  std::string upload_id;
  int number = 0;  // 1 to 10,000, else InvalidArgument
};

struct PartCopyRequest {
  PartRequest part;
  std::string from_bucket;
  std::string from_key;
  std::optional<std::pair<uint64_t, uint64_t>> range;  // first and last byte
  std::function<base::Status(const Found&)> check_source;
};

struct CompletedPart {
  int number = 0;
  std::string etag;
  std::vector<ChecksumValue> checksums;
};

struct CompleteRequest {
  std::string bucket;
  std::string key;
  std::string upload_id;
  std::vector<CompletedPart> parts;
  PutConditions conditions;
  std::optional<uint64_t> size;          // x-amz-mp-object-size
  std::vector<ChecksumValue> checksums;  // of the whole object, when its type is full object
};

class S3Store final : public ObjectStore {
 public:
  struct Options {
    std::filesystem::path folder;  // must exist
    base::Clock* clock = nullptr;
    base::Ids* ids = nullptr;
    bool sweep_at_start = true;  // in the background
  };
  static base::Result<std::unique_ptr<S3Store>> open(const Options& options);
  ~S3Store() override;

  // Buckets
  base::Status create_bucket(const std::string& bucket, const std::string& region) override;
  base::Result<bool> bucket_exists(const std::string& bucket) override;
  base::Result<BucketInfo> bucket(const std::string& bucket);  // NoSuchBucket
  base::Result<std::vector<BucketInfo>> list_buckets();        // by name, without the public one
  base::Status delete_bucket(const std::string& bucket);       // BucketNotEmpty

  // Objects
  base::Status put_text(const std::string& bucket, const std::string& key, std::string_view text,
                        const std::string& content_type) override;
  base::Status put_from(const std::string& bucket, const std::string& key, Source& source,
                        const std::string& content_type) override;
  base::Result<std::string> get_text(const std::string& bucket, const std::string& key,
                                     size_t limit) override;
  base::Result<ObjectInfo> head(const std::string& bucket, const std::string& key) override;
  base::Result<ObjectInfo> put(const PutRequest& request, Source& source, const Expected& expected);
  base::Result<Found> get(const std::string& bucket, const std::string& key);
  base::Result<Found> find(const std::string& bucket, const std::string& key);  // no contents
  base::Result<ObjectInfo> copy(const CopyRequest& request);
  /// Of an object that is not there: success, as S3 has it; with `if_match`: NoSuchKey.
  base::Status remove(const std::string& bucket, const std::string& key,
                      const std::optional<std::string>& if_match = std::nullopt);
  /// All or none of them.
  base::Status remove_all(const std::string& bucket, std::span<const std::string> keys);
  base::Status set_tags(const std::string& bucket, const std::string& key, const Pairs& tags);
  base::Result<Listing> list(const ListRequest& request);

  // Multipart uploads
  base::Result<UploadInfo> create_upload(const UploadRequest& request);
  base::Result<UploadInfo> upload(
      const PartRequest& request);  // NoSuchUpload; `number` is not used
  base::Result<PartInfo> put_part(const PartRequest& request, Source& source, Expected expected);
  base::Result<PartInfo> copy_part(const PartCopyRequest& request);
  base::Result<PartListing> list_parts(const PartRequest& after, size_t max_parts);
  base::Result<UploadListing> list_uploads(const ListRequest& request, const std::string& after_id);
  /// The same answer again when the upload was completed before: a retry finds what its first try
  /// did.
  base::Result<ObjectInfo> complete(const CompleteRequest& request);
  base::Status abort(const PartRequest& request);

  /// Removes files that a crash left over; answers how many. Runs once at the start by itself.
  base::Result<size_t> sweep(std::stop_token stop = {});

  struct State;

 private:
  explicit S3Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace howdah::objects
