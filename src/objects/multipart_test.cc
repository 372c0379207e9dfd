#include <gmock/gmock.h>

#include <thread>

#include "objects/rows.h"
#include "objects/test_store.h"

namespace howdah::objects {
namespace {

constexpr size_t kPart = 5 << 20;

class MultipartTest : public StoreTest {
 protected:
  std::string begin(const std::string& key, std::optional<Checksum> checksum = std::nullopt,
                    bool full_object = false) {
    UploadRequest request;
    request.put = to(key);
    request.put.info.user_metadata = {{"a", "1"}};
    request.checksum = checksum;
    request.full_object = full_object;
    const auto upload = store_->create_upload(request);
    EXPECT_TRUE(upload.ok());
    return upload->id;
  }
  base::Result<PartInfo> part(const std::string& key, const std::string& id, int number,
                              std::string_view body, bool announce = true) {
    TextSource source(body);
    Expected expected;
    if (announce) expected.size = body.size();
    return store_->put_part({"bucket", key, id, number}, source, expected);
  }
  base::Result<ObjectInfo> complete(const std::string& key, const std::string& id,
                                    const std::vector<PartInfo>& parts,
                                    const PutConditions& conditions = {}) {
    CompleteRequest request{"bucket", key, id, {}, conditions, {}, {}};
    for (const PartInfo& p : parts) request.parts.push_back({p.number, p.etag, p.checksums});
    return store_->complete(request);
  }
};

TEST_F(MultipartTest, PartsOfOneSizeBecomeTheObjectWhereTheyLie) {
  const std::string id = begin("k");
  const auto second = part("k", id, 2, bytes(kPart, 'b'));
  const auto first = part("k", id, 1, bytes(kPart, 'a'));
  const auto third = part("k", id, 3, bytes(100'000, 'c'));
  ASSERT_TRUE(first.ok() && second.ok() && third.ok());
  EXPECT_EQ(folder_.files(), 1u);
  const auto made = complete("k", id, {*first, *second, *third});
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_THAT(made->etag, testing::EndsWith("-3"));
  EXPECT_EQ(made->user_metadata, (Pairs{{"a", "1"}}));
  EXPECT_EQ(text("k"), bytes(kPart, 'a') + bytes(kPart, 'b') + bytes(100'000, 'c'));
  EXPECT_EQ(store_->find("bucket", "k")->part_sizes,
            (std::vector<uint64_t>{kPart, kPart, 100'000}));
  EXPECT_EQ(folder_.files(), 1u);
  reopen();
  EXPECT_EQ(*store_->sweep(), 0u);
  EXPECT_EQ(text("k").size(), 2 * kPart + 100'000);
}

TEST_F(MultipartTest, OtherPartsAreJoined) {
  const std::string id = begin("k");
  std::vector<PartInfo> parts;
  parts.push_back(*part("k", id, 1, bytes(kPart + 1, 'a')));
  parts.push_back(*part("k", id, 4, bytes(kPart + 2, 'b')));     // larger than the first
  parts.push_back(*part("k", id, 7, bytes(kPart, 'c'), false));  // of unknown size
  parts.push_back(*part("k", id, 10'000, bytes(17, 'd')));       // into the database
  ASSERT_TRUE(complete("k", id, parts).ok());
  EXPECT_EQ(text("k"),
            bytes(kPart + 1, 'a') + bytes(kPart + 2, 'b') + bytes(kPart, 'c') + bytes(17, 'd'));
  EXPECT_EQ(folder_.files(), 1u);
}

TEST_F(MultipartTest, AfterARestartTheUploadGoesOn) {
  const std::string id = begin("k");
  const auto first = part("k", id, 1, bytes(kPart, 'a'));
  reopen();
  EXPECT_EQ(*store_->sweep(), 0u);
  const auto second = part("k", id, 2, bytes(kPart, 'b'));
  ASSERT_TRUE(complete("k", id, {*first, *second}).ok());
  EXPECT_EQ(text("k"), bytes(kPart, 'a') + bytes(kPart, 'b'));
  EXPECT_EQ(folder_.files(), 1u);
}

TEST_F(MultipartTest, APartSentAgainReplacesTheFirst) {
  const std::string id = begin("k");
  ASSERT_TRUE(part("k", id, 1, bytes(kPart, 'a')).ok());
  ASSERT_TRUE(part("k", id, 1, bytes(kPart, 'x')).ok());
  const auto again = part("k", id, 1, bytes(kPart, 'y'));
  const auto last = part("k", id, 2, "end");
  ASSERT_TRUE(complete("k", id, {*again, *last}).ok());
  EXPECT_EQ(text("k"), bytes(kPart, 'y') + "end");
  EXPECT_EQ(folder_.files(), 1u);
}

TEST_F(MultipartTest, AFailedPartLeavesTheOneBeforeIt) {
  const std::string id = begin("k");
  const auto good = part("k", id, 1, bytes(kPart, 'a'));
  TextSource source("short");
  Expected expected;
  expected.size = kPart;
  EXPECT_EQ(store_->put_part({"bucket", "k", id, 1}, source, expected).error().reason,
            "IncompleteBody");
  ASSERT_TRUE(complete("k", id, {*good}).ok());
  EXPECT_EQ(text("k"), bytes(kPart, 'a'));
}

TEST_F(MultipartTest, AFewBytesInOnePartStayInTheDatabase) {
  const std::string id = begin("k");  // what S3A's magic committer does for every small file
  const auto only = part("k", id, 1, "part-00000");
  ASSERT_TRUE(complete("k", id, {*only}).ok());
  EXPECT_EQ(text("k"), "part-00000");
  EXPECT_EQ(folder_.files(), 0u);
}

TEST_F(MultipartTest, WhatIsWrongWithTheListIsNamed) {
  const std::string id = begin("k");
  const auto small = part("k", id, 1, "small");
  const auto big = part("k", id, 2, bytes(kPart));
  EXPECT_EQ(complete("k", id, {}).error().reason, "MalformedXML");
  EXPECT_EQ(complete("k", id, {*big, *small}).error().reason, "InvalidPartOrder");
  EXPECT_EQ(complete("k", id, {*small, *big}).error().reason, "EntityTooSmall");
  PartInfo wrong = *big;
  wrong.etag = "0123";
  EXPECT_EQ(complete("k", id, {wrong}).error().reason, "InvalidPart");
  wrong = *big;
  wrong.number = 3;
  EXPECT_EQ(complete("k", id, {wrong}).error().reason, "InvalidPart");
  EXPECT_EQ(complete("k", "no-such-id", {*big}).error().reason, "NoSuchUpload");
  EXPECT_EQ(part("other", id, 1, "x").error().reason, "NoSuchUpload");
  EXPECT_EQ(part("k", id, 0, "x").error().reason, "InvalidArgument");
  EXPECT_EQ(part("k", id, 10'001, "x").error().reason, "InvalidArgument");
  EXPECT_TRUE(complete("k", id, {*big}).ok());
}

TEST_F(MultipartTest, CompletingTwiceAnswersTheSame) {
  const std::string id = begin("k");
  const auto only = part("k", id, 1, bytes(kPart));
  const auto first = complete("k", id, {*only});
  const auto again = complete("k", id, {*only});
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->etag, again->etag);
  EXPECT_EQ(part("k", id, 2, "late").error().reason, "NoSuchUpload");
}

TEST_F(MultipartTest, ManyCompletesAtOnceMakeOneObject) {
  const std::string id = begin("k");
  std::vector<PartInfo> parts = {*part("k", id, 2, bytes(kPart, 'a')), *part("k", id, 3, "tail")};
  std::atomic<int> succeeded{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] { succeeded += complete("k", id, parts).ok(); });
    }
  }
  EXPECT_EQ(succeeded, 6);
  EXPECT_EQ(text("k"), bytes(kPart, 'a') + "tail");
  EXPECT_EQ(folder_.files(), 1u);
}

TEST_F(MultipartTest, AConditionThatFailsLeavesTheUpload) {
  ASSERT_TRUE(put("k", "there").ok());
  const std::string id = begin("k");
  const auto only = part("k", id, 1, bytes(kPart));
  EXPECT_EQ(complete("k", id, {*only}, {std::nullopt, true}).error().reason, "PreconditionFailed");
  EXPECT_EQ(text("k"), "there");
  EXPECT_TRUE(complete("k", id, {*only}).ok());
  EXPECT_EQ(text("k"), bytes(kPart));
}

TEST_F(MultipartTest, AbortLeavesNothing) {
  const std::string id = begin("k");
  ASSERT_TRUE(part("k", id, 1, bytes(kPart)).ok());
  ASSERT_TRUE(part("k", id, 1, bytes(kPart)).ok());
  ASSERT_TRUE(part("k", id, 2, bytes(2 * kPart)).ok());
  ASSERT_TRUE(store_->abort({"bucket", "k", id, 0}).ok());
  EXPECT_EQ(store_->abort({"bucket", "k", id, 0}).error().reason, "NoSuchUpload");
  EXPECT_EQ(folder_.files(), 0u);
}

TEST_F(MultipartTest, DeletingTheBucketEndsItsUploads) {
  const std::string id = begin("k");
  ASSERT_TRUE(part("k", id, 1, bytes(kPart)).ok());
  ASSERT_TRUE(store_->delete_bucket("bucket").ok());
  EXPECT_EQ(folder_.files(), 0u);
}

TEST_F(MultipartTest, ChecksumsOfBothTypes) {
  std::string id = begin("k", Checksum::kCrc32);
  std::vector<PartInfo> parts = {*part("k", id, 1, bytes(kPart)), *part("k", id, 2, "tail")};
  ASSERT_EQ(parts[0].checksums.size(), 1u);
  const auto composite_made = complete("k", id, parts);
  EXPECT_EQ(composite_made->checksum_type, "COMPOSITE");
  EXPECT_THAT(composite_made->checksums[0].second, testing::EndsWith("-2"));

  id = begin("k", Checksum::kCrc64nvme, true);
  parts = {*part("k", id, 1, bytes(kPart)), *part("k", id, 2, "tail")};
  const auto full = complete("k", id, parts);
  EXPECT_EQ(full->checksum_type, "FULL_OBJECT");
  const Checksum wanted = Checksum::kCrc64nvme;
  Summer summer(std::span(&wanted, 1));
  summer.update(bytes(kPart) + "tail");
  summer.finish();
  EXPECT_EQ(full->checksums, to_pairs(summer.values));
}

TEST_F(MultipartTest, PartsAreCopiedFromRanges) {
  const std::string body = bytes(2 * kPart + 5);
  ASSERT_TRUE(put("from", body).ok());
  const std::string id = begin("to");
  PartCopyRequest copy{{"bucket", "to", id, 1}, "bucket", "from", {{5, kPart + 4}}, {}};
  std::vector<PartInfo> parts = {*store_->copy_part(copy)};
  copy.part.number = 2;
  copy.range = {{kPart + 5, 2 * kPart + 4}};
  parts.push_back(*store_->copy_part(copy));
  ASSERT_TRUE(complete("to", id, parts).ok());
  EXPECT_EQ(text("to"), body.substr(5));
  copy.range = {{0, body.size()}};
  EXPECT_EQ(store_->copy_part(copy).error().reason, "InvalidArgument");
}

TEST_F(MultipartTest, UploadsAndPartsAreListedInPages) {
  std::vector<std::string> ids = {begin("a/1"), begin("a/2"), begin("b"), begin("b")};
  auto page = store_->list_uploads({"bucket", "", "", "", 3}, "");
  EXPECT_EQ(page->uploads.size(), 3u);
  EXPECT_TRUE(page->truncated);
  page = store_->list_uploads({"bucket", "", "", page->next_key, 3}, page->next_id);
  ASSERT_EQ(page->uploads.size(), 1u);
  EXPECT_FALSE(page->truncated);
  page = store_->list_uploads({"bucket", "", "/", "", 10}, "");
  EXPECT_THAT(page->common_prefixes, testing::ElementsAre("a/"));
  EXPECT_EQ(page->uploads.size(), 2u);
  for (int number : {3, 1, 2}) ASSERT_TRUE(part("b", ids[2], number, "x").ok());
  auto parts = store_->list_parts({"bucket", "b", ids[2], 0}, 2);
  EXPECT_EQ(parts->parts.size(), 2u);
  EXPECT_TRUE(parts->truncated);
  parts = store_->list_parts({"bucket", "b", ids[2], 2}, 2);
  ASSERT_EQ(parts->parts.size(), 1u);
  EXPECT_EQ(parts->parts[0].number, 3);
}

}  // namespace
}  // namespace howdah::objects
