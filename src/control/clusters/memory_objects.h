#pragma once

// For tests: objects in memory, as they were put; gzip is undone on request. Threads: concurrent
// calls allowed. Failure: the bucket "none" does not exist.

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <mutex>
#include <string>

#include "objects/object_store.h"

namespace howdah::control {

class MemoryObjects final : public objects::ObjectStore {
 public:
  base::Status create_bucket(const std::string&, const std::string&) override { return base::ok(); }
  base::Result<bool> bucket_exists(const std::string& bucket) override { return bucket != "none"; }
  base::Status put_text(const std::string& bucket, const std::string& key, std::string_view text,
                        const std::string&) override {
    if (bucket == "none") return base::not_found("NoSuchBucket");
    std::lock_guard lock(mutex_);
    objects_[bucket + "/" + key] = {std::string(text), now};
    ++puts;
    return base::ok();
  }
  base::Status put_from(const std::string& bucket, const std::string& key, objects::Source& source,
                        const std::string& type) override {
    std::string all;
    char piece[1000];
    for (;;) {
      const size_t got = TRY(source.read(piece));
      if (got == 0) return put_text(bucket, key, all, type);
      all.append(piece, got);
    }
  }
  base::Result<std::string> get_text(const std::string& bucket, const std::string& key,
                                     size_t) override {
    std::lock_guard lock(mutex_);
    const auto it = objects_.find(bucket + "/" + key);
    if (it == objects_.end()) return base::not_found("NoSuchKey");
    return it->second.first;
  }
  base::Result<objects::ObjectInfo> head(const std::string& bucket,
                                         const std::string& key) override {
    std::lock_guard lock(mutex_);
    const auto it = objects_.find(bucket + "/" + key);
    if (it == objects_.end()) return base::not_found("NoSuchKey");
    objects::ObjectInfo info;
    info.modified = it->second.second;
    return info;
  }

  std::vector<std::string> keys() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [key, object] : objects_) out.push_back(key);
    return out;
  }
  /// What the object holds, gunzipped; "" when there is none.
  std::string text(const std::string& bucket, const std::string& key) {
    const auto packed = get_text(bucket, key, 0);
    if (!packed.ok()) return {};
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string out(1 << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed->data()));
    stream.avail_in = static_cast<uInt>(packed->size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
  }

  base::Time now = base::from_millis(0);  // of what is put next
  int puts = 0;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::pair<std::string, base::Time>> objects_;
};

}  // namespace howdah::control
