#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "objects/names.h"
#include "objects/test_store.h"

namespace howdah::objects {
namespace {

using ObjectsTest = StoreTest;

TEST(Names, OfBucketsKeepAmazonsRules) {
  for (const char* good : {"abc", "my.bucket-1", "a1b", "192.168.1.1x"}) {
    EXPECT_TRUE(check_bucket_name(good).ok()) << good;
  }
  for (const char* bad : {"ab", "Abc", "a_b", "a..b", "-ab", "ab-", "192.168.1.1", "xn--abc",
                          "abc--x-s3", "sthree-a", "a.b.", ""}) {
    EXPECT_EQ(check_bucket_name(bad).error().reason, "InvalidBucketName") << bad;
  }
  EXPECT_FALSE(check_bucket_name(std::string(64, 'a')).ok());
}

TEST(Names, OfKeysAreUtf8OfAtMost1024Bytes) {
  EXPECT_TRUE(check_key("zebra/é/日本 🐘").ok());
  EXPECT_TRUE(check_key(std::string(1024, 'k')).ok());
  EXPECT_EQ(check_key(std::string(1025, 'k')).error().reason, "KeyTooLongError");
  EXPECT_FALSE(check_key("\xff").ok());
  EXPECT_FALSE(check_key("\xed\xa0\x80").ok());  // a surrogate
  EXPECT_FALSE(check_key("").ok());
}

TEST(Names, EveryRegionHasThePublicBucket) {
  EXPECT_TRUE(is_public_bucket("elasticmapreduce"));
  EXPECT_TRUE(is_public_bucket("eu-west-1.elasticmapreduce"));
  EXPECT_FALSE(is_public_bucket(".elasticmapreduce"));
  EXPECT_FALSE(is_public_bucket("my-elasticmapreduce"));
  EXPECT_FALSE(is_public_bucket("a.b.elasticmapreduce"));
}

TEST_F(ObjectsTest, ASmallBodyLiesInTheDatabaseALargeOneInAFile) {
  ASSERT_TRUE(put("small", bytes(kInlineLimit)).ok());
  EXPECT_EQ(folder_.files(), 0u);
  ASSERT_TRUE(put("large", bytes(kInlineLimit + 1)).ok());
  EXPECT_EQ(folder_.files(), 1u);
  EXPECT_EQ(text("small"), bytes(kInlineLimit));
  EXPECT_EQ(text("large"), bytes(kInlineLimit + 1));
  reopen();
  EXPECT_EQ(text("large"), bytes(kInlineLimit + 1));
}

TEST_F(ObjectsTest, ManySizesComeBackAsTheyWent) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{kInlineLimit}, size_t{(1 << 20) - 1},
                      size_t{kInlineLimit + 1 + (1 << 20)}, size_t{(5 << 20) + 17}}) {
    const std::string body = bytes(size);
    const auto info = put("k", body);
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->etag, base::to_hex(base::digest(base::Algorithm::kMd5, body)));
    EXPECT_EQ(info->size, size);
    EXPECT_EQ(text("k"), body);
  }
  EXPECT_EQ(folder_.files(), 1u);  // what was replaced is gone
}

TEST_F(ObjectsTest, MetadataTagsAndChecksumsComeBack) {
  PutRequest request = to("k");
  request.info.system_metadata = {{"content-type", "text/plain"}};
  request.info.user_metadata = {{"owner", "a\xff\0z"}, {"empty", ""}};
  request.tags = {{"team", "data"}};
  Expected expected;
  expected.wanted = {Checksum::kCrc32};
  TextSource source("123456789");
  ASSERT_TRUE(store_->put(request, source, expected).ok());
  const auto found = store_->find("bucket", "k");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->info.system_metadata, request.info.system_metadata);
  EXPECT_EQ(found->info.user_metadata, request.info.user_metadata);
  EXPECT_EQ(found->tags, request.tags);
  EXPECT_THAT(found->info.checksums, testing::ElementsAre(testing::Pair("crc32", "y/Q5Jg==")));
  EXPECT_EQ(found->info.checksum_type, "FULL_OBJECT");
}

TEST_F(ObjectsTest, WhatDoesNotMatchWhatWasSaidIsDiscarded) {
  for (size_t size : {size_t{100}, size_t{3 << 20}}) {
    const std::string body = bytes(size);
    Expected md5;
    md5.md5 = std::string(16, 'x');
    EXPECT_EQ(put("k", body, {}, md5).error().reason, "BadDigest");
    Expected crc;
    crc.wanted = {Checksum::kCrc32c};
    crc.checksums = {{Checksum::kCrc32c, "abcd"}};
    EXPECT_EQ(put("k", body, {}, crc).error().reason, "BadDigest");
    Expected trailer;
    trailer.wanted = {Checksum::kSha1};
    trailer.trailer = [] {
      return std::vector<ChecksumValue>{{Checksum::kSha1, std::string(20, 'x')}};
    };
    EXPECT_EQ(put("k", body, {}, trailer).error().reason, "BadDigest");
    for (uint64_t said : {size - 1, size + 1}) {
      Expected length;
      length.size = said;
      EXPECT_EQ(put("k", body, {}, length).error().reason, "IncompleteBody");
    }
  }
  EXPECT_EQ(text("k"), "NoSuchKey");
  EXPECT_EQ(folder_.files(), 0u);
}

TEST_F(ObjectsTest, ConditionsDecideAtTheCommit) {
  ASSERT_TRUE(put("k", "one", {std::nullopt, true}).ok());
  EXPECT_EQ(put("k", "two", {std::nullopt, true}).error().reason, "PreconditionFailed");
  EXPECT_EQ(put("k", "two", {"0000", false}).error().reason, "PreconditionFailed");
  EXPECT_EQ(put("other", "two", {"0000", false}).error().reason, "NoSuchKey");
  const std::string etag = store_->head("bucket", "k")->etag;
  EXPECT_TRUE(put("k", "two", {etag, false}).ok());
  EXPECT_EQ(text("k"), "two");
}

TEST_F(ObjectsTest, OfManyThatCreateTheSameKeyOneWins) {
  std::atomic<int> won{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        if (put("lock", "owner " + std::to_string(i), {std::nullopt, true}).ok()) ++won;
      });
    }
  }
  EXPECT_EQ(won, 1);
}

TEST_F(ObjectsTest, AnOpenedObjectSurvivesItsReplacementAndItsEnd) {
  const std::string body = bytes(200'000);
  ASSERT_TRUE(put("k", body).ok());
  auto found = store_->get("bucket", "k");
  ASSERT_TRUE(found.ok());
  ASSERT_TRUE(put("k", "other").ok());
  ASSERT_TRUE(store_->remove("bucket", "k").ok());
  const int fd = std::get<base::Fd>(found->contents.body).get();
  EXPECT_EQ(*read_at(fd, 0, body.size(), "it"), body);
  EXPECT_EQ(folder_.files(), 0u);
}

TEST_F(ObjectsTest, ReadersBesideWritersSeeOneWholeObject) {
  ASSERT_TRUE(put("k", bytes(100'000, 'a')).ok());
  std::atomic<bool> done{false};
  std::jthread writer([&] {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(put("k", bytes(100'000, i % 2 ? 'a' : 'b')).ok());
    done = true;
  });
  while (!done) {
    const std::string seen = text("k");
    ASSERT_TRUE(seen == bytes(100'000, 'a') || seen == bytes(100'000, 'b'));
  }
}

TEST_F(ObjectsTest, ACopyIsAnObjectOfItsOwn) {
  for (size_t size : {size_t{10}, size_t{300'000}}) {
    PutRequest source = to("from");
    source.info.user_metadata = {{"a", "1"}};
    const std::string body = bytes(size);
    TextSource text_source(body);
    ASSERT_TRUE(store_->put(source, text_source, {}).ok());
    CopyRequest copy;
    copy.from_bucket = "bucket";
    copy.from_key = "from";
    copy.to = to("to");
    ASSERT_TRUE(store_->copy(copy).ok());
    ASSERT_TRUE(store_->remove("bucket", "from").ok());
    EXPECT_EQ(text("to"), body);
    EXPECT_EQ(store_->head("bucket", "to")->user_metadata, source.info.user_metadata);
  }
}

TEST_F(ObjectsTest, ACopyOntoItselfMustChangeSomething) {
  ASSERT_TRUE(put("k", "text").ok());
  CopyRequest copy;
  copy.from_bucket = "bucket";
  copy.from_key = "k";
  copy.to = to("k");
  EXPECT_EQ(store_->copy(copy).error().reason, "InvalidRequest");
  copy.replace_metadata = true;
  copy.to.info.user_metadata = {{"b", "2"}};
  ASSERT_TRUE(store_->copy(copy).ok());
  EXPECT_EQ(text("k"), "text");
  EXPECT_EQ(store_->head("bucket", "k")->user_metadata, copy.to.info.user_metadata);
}

TEST_F(ObjectsTest, BucketsAreMadeListedAndRemovedWhenEmpty) {
  EXPECT_EQ(store_->create_bucket("bucket", "us-east-1").error().reason, "BucketAlreadyOwnedByYou");
  EXPECT_EQ(store_->create_bucket("x.elasticmapreduce", "x").error().reason, "BucketAlreadyExists");
  ASSERT_TRUE(store_->create_bucket("another", "eu-west-1").ok());
  const auto buckets = *store_->list_buckets();
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].name, "another");
  EXPECT_EQ(buckets[0].region, "eu-west-1");
  ASSERT_TRUE(put("k", "x").ok());
  EXPECT_EQ(store_->delete_bucket("bucket").error().reason, "BucketNotEmpty");
  ASSERT_TRUE(store_->remove("bucket", "k").ok());
  ASSERT_TRUE(store_->delete_bucket("bucket").ok());
  EXPECT_EQ(store_->delete_bucket("bucket").error().reason, "NoSuchBucket");
  EXPECT_EQ(put("k", "x").error().reason, "NoSuchBucket");
}

TEST_F(ObjectsTest, DeletingIsTheSameTwice) {
  ASSERT_TRUE(put("a", "x").ok());
  const std::vector<std::string> keys = {"a", "b"};
  ASSERT_TRUE(store_->remove_all("bucket", keys).ok());
  ASSERT_TRUE(store_->remove_all("bucket", keys).ok());
  ASSERT_TRUE(store_->remove("bucket", "a").ok());
  EXPECT_EQ(store_->remove("nobucket", "a").error().reason, "NoSuchBucket");
  EXPECT_EQ(text("a"), "NoSuchKey");
}

TEST_F(ObjectsTest, ThePublicBucketIsReadUnderEveryRegionAndWrittenUnderNone) {
  const std::string script = "emr-containers/samples/wordcount/scripts/wordcount.py";
  EXPECT_THAT(text(script, "us-east-1.elasticmapreduce"), testing::HasSubstr("SparkSession"));
  EXPECT_EQ(text(script, "elasticmapreduce"), text(script, "eu-north-1.elasticmapreduce"));
  EXPECT_THAT(text("libs/script-runner/script-runner.jar", "elasticmapreduce"),
              testing::StartsWith("PK"));
  EXPECT_THAT(text("bootstrap-actions/run-if", "elasticmapreduce"), testing::StartsWith("#!"));
  PutRequest request = to("k", "us-east-1.elasticmapreduce");
  TextSource source("x");
  EXPECT_EQ(store_->put(request, source, {}).error().reason, "AccessDenied");
  EXPECT_EQ(store_->remove("elasticmapreduce", script).error().reason, "AccessDenied");
  EXPECT_EQ(store_->delete_bucket("elasticmapreduce").error().reason, "AccessDenied");
}

TEST_F(ObjectsTest, AFullDiskIsSaidAndLeavesNothing) {
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 2 << 20;
  ASSERT_TRUE(put("k", "before").ok());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto failed = put("k", bytes(4 << 20));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, base::Code::kResourceExhausted);
  EXPECT_EQ(text("k"), "before");
  EXPECT_EQ(folder_.files(), 0u);
}

}  // namespace
}  // namespace howdah::objects
