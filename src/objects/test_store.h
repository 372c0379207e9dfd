#pragma once

// A store in a fresh folder, for this module's tests. Header only; not part of the library.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/text.h"
#include "objects/s3_store.h"

namespace howdah::objects {

class Folder {
 public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "howdah-objects-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

  /// Large bodies on disk.
  size_t files() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_ / "objects")) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }

 private:
  std::filesystem::path path_;
};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    reopen();
    EXPECT_TRUE(store_->create_bucket("bucket", "us-east-1").ok());
  }

  void reopen() {
    store_.reset();
    auto opened = S3Store::open({folder_.path(), &clock_, &ids_, false});
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(opened).value();
  }

  static PutRequest to(const std::string& key, const std::string& bucket = "bucket") {
    PutRequest request;
    request.info.bucket = bucket;
    request.info.key = key;
    return request;
  }
  base::Result<ObjectInfo> put(const std::string& key, std::string_view text,
                               const PutConditions& conditions = {},
                               const Expected& expected = {}) {
    PutRequest request = to(key);
    request.conditions = conditions;
    TextSource source(text);
    return store_->put(request, source, expected);
  }
  std::string text(const std::string& key, const std::string& bucket = "bucket") {
    auto read = store_->get_text(bucket, key, 1 << 30);
    return read.ok() ? *read : read.error().reason;
  }
  static std::string bytes(size_t size, char seed = 'a') {
    std::string made(size, '\0');
    uint32_t state = static_cast<uint32_t>(seed) * 2654435761u + 1;
    for (char& c : made) {
      state = state * 1664525u + 1013904223u;
      c = static_cast<char>(state >> 24);
    }
    return made;
  }

  Folder folder_;
  base::FakeClock clock_;
  base::SeededIds ids_{1};
  std::unique_ptr<S3Store> store_;
};

}  // namespace howdah::objects
