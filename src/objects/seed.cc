// The public read-only bucket: filled once, and again when the program brings other samples.

#include "base/digest.h"
#include "base/text.h"
#include "objects/names.h"
#include "objects/samples.h"
#include "objects/state.h"

namespace howdah::objects {
namespace {

std::string fingerprint() {
  base::Digest digest(base::Algorithm::kSha256);
  for (const Sample& sample : samples()) {
    std::string head;
    put_field(head, sample.key);
    put_field(head, sample.bytes);
    digest.update(head);
  }
  return base::to_hex(digest.finish());
}

std::string content_type(std::string_view key) {
  if (key.ends_with(".txt")) return "text/plain";
  if (key.ends_with(".py")) return "text/x-python";
  if (key.ends_with(".jar")) return "application/java-archive";
  return "application/octet-stream";
}

base::Status remove_old(db::Connection& connection, int64_t bucket,
                        std::vector<std::string>& files) {
  std::vector<std::string> keys;
  {
    auto query = connection.query("SELECT key FROM objects WHERE bucket = ?", bucket);
    while (TRY(query.next())) keys.emplace_back(query.text(0));
  }
  for (const std::string& key : keys) {
    const auto row = TRY(read_row(connection, bucket, key, false));
    if (row) TRY(delete_row(connection, bucket, key, *row, files));
  }
  return base::ok();
}

}  // namespace

base::Status seed_samples(S3Store::State& state) {
  const std::string wanted = fingerprint();
  bool seeded = false;
  TRY(state.database->read([&](db::Connection& connection) -> base::Status {
    auto query = connection.query("SELECT value FROM state WHERE name = 'samples'");
    seeded = TRY(query.next()) && query.text(0) == wanted;
    return base::ok();
  }));
  if (seeded) return base::ok();
  std::vector<std::string> files;
  TRY(state.database->write([&](db::Connection& connection) -> base::Status {
    TRY(
        connection.run("INSERT INTO buckets (name, region, created) VALUES (?, 'us-east-1', ?) "
                       "ON CONFLICT (name) DO NOTHING",
                       kPublicBucket, base::to_millis(state.now())));
    const int64_t bucket = TRY(bucket_id(connection, kPublicBucket));
    TRY(remove_old(connection, bucket, files));
    for (const Sample& sample : samples()) {
      Found object;
      object.info.key = sample.key;
      object.info.size = sample.bytes.size();
      object.info.etag = base::to_hex(base::digest(base::Algorithm::kMd5, sample.bytes));
      object.info.modified = state.now();
      object.info.system_metadata = {{"content-type", content_type(sample.key)}};
      TRY(insert_row(connection, bucket, object, sample.bytes, {}));
    }
    TRY(
        connection.run("INSERT INTO state (name, value) VALUES ('samples', ?) "
                       "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                       wanted));
    return base::ok();
  }));
  state.remove_files(files);
  return base::ok();
}

}  // namespace howdah::objects
