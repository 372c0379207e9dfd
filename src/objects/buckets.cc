#include "objects/errors.h"
#include "objects/names.h"
#include "objects/state.h"

namespace howdah::objects {

base::Status S3Store::create_bucket(const std::string& bucket, const std::string& region) {
  TRY(check_bucket_name(bucket));
  if (is_public_bucket(bucket)) {
    return s3_error(
        base::Code::kAlreadyExists, "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all "
        "users of the system. Please select a different name and try again.",
        {{"BucketName", bucket}});
  }
  return state_->database->write([&](db::Connection& connection) -> base::Status {
    const int64_t made =
        TRY(connection.run("INSERT INTO buckets (name, region, created) VALUES (?, ?, ?) ON "
                           "CONFLICT (name) DO NOTHING",
                           bucket, region, base::to_millis(state_->now())));
    if (made == 1) return base::ok();
    return s3_error(
        base::Code::kAlreadyExists, "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        {{"BucketName", bucket}});
  });
}

base::Result<bool> S3Store::bucket_exists(const std::string& bucket) {
  const auto found = this->bucket(bucket);
  if (found.ok()) return true;
  if (found.error().code == base::Code::kNotFound) return false;
  return found.error();
}

base::Result<BucketInfo> S3Store::bucket(const std::string& bucket) {
  BucketInfo info;
  TRY(state_->database->read([&](db::Connection& connection) -> base::Status {
    const std::string_view name = stored_name(bucket);
    auto query = connection.query("SELECT region, created FROM buckets WHERE name = ?", name);
    if (!TRY(query.next())) return no_such_bucket(bucket);
    info = {bucket, std::string(query.text(0)), base::from_millis(query.integer(1))};
    return base::ok();
  }));
  // every region has its own public bucket
  if (is_public_bucket(bucket) && bucket != kPublicBucket) {
    info.region = bucket.substr(0, bucket.size() - kPublicBucket.size() - 1);
  }
  return info;
}

base::Result<std::vector<BucketInfo>> S3Store::list_buckets() {
  std::vector<BucketInfo> buckets;
  TRY(state_->database->read([&](db::Connection& connection) -> base::Status {
    auto query = connection.query("SELECT name, region, created FROM buckets ORDER BY name");
    while (TRY(query.next())) {
      if (query.text(0) == kPublicBucket) continue;
      buckets.push_back({std::string(query.text(0)), std::string(query.text(1)),
                         base::from_millis(query.integer(2))});
    }
    return base::ok();
  }));
  return buckets;
}

base::Status S3Store::delete_bucket(const std::string& bucket) {
  TRY(check_writable(bucket));
  std::vector<std::string> files;
  std::vector<std::string> uploads;
  TRY(state_->database->write([&](db::Connection& connection) -> base::Status {
    files.clear();
    uploads.clear();
    const int64_t id = TRY(bucket_id(connection, bucket));
    {
      auto query = connection.query("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", id);
      if (TRY(query.next())) {
        return s3_error(base::Code::kFailedPrecondition, "BucketNotEmpty",
                        "The bucket you tried to delete is not empty", {{"BucketName", bucket}});
      }
    }
    {
      // what was never completed goes with the bucket, as on S3
      auto query = connection.query(
          "SELECT u.id, p.file FROM uploads u LEFT JOIN parts p ON p.upload = u.id WHERE u.bucket "
          "= ?",
          id);
      while (TRY(query.next())) {
        uploads.emplace_back(query.text(0));
        if (!query.is_null(1)) files.emplace_back(query.text(1));
      }
    }
    TRY(
        connection.run("DELETE FROM bodies WHERE id IN (SELECT p.body FROM parts p JOIN uploads u "
                       "ON u.id = p.upload "
                       "WHERE u.bucket = ? AND p.body IS NOT NULL)",
                       id));
    TRY(connection.run(
        "DELETE FROM parts WHERE upload IN (SELECT id FROM uploads WHERE bucket = ?)", id));
    TRY(connection.run("DELETE FROM uploads WHERE bucket = ?", id));
    TRY(connection.run("DELETE FROM buckets WHERE id = ?", id));
    return base::ok();
  }));
  for (const std::string& upload : uploads) state_->slots.forget(upload);
  state_->remove_files(files);
  return base::ok();
}

}  // namespace howdah::objects
