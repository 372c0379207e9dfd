#include "distcp/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace howdah::distcp {
namespace {

using testing::HasSubstr;

constexpr const char* kFs = "hdfs://ip-10-0-0-1:8020";

std::string read(std::string_view text, std::string_view default_fs = kFs) {
  const auto parsed = parse_location(text, default_fs);
  return parsed.ok() ? uri(*parsed) : "error: " + parsed.error().message;
}

TEST(Location, IsReadInEveryWayThatHadoopWritesIt) {
  EXPECT_EQ(read("s3://bucket/a/b/"), "s3://bucket/a/b");
  EXPECT_EQ(read("s3n://bucket"), "s3n://bucket/");
  EXPECT_EQ(read("s3a://bucket//odd key"), "s3a://bucket//odd key");
  EXPECT_EQ(read("hdfs:///a//b/"), "hdfs://ip-10-0-0-1:8020/a/b");
  EXPECT_EQ(read("hdfs:/a"), "hdfs://ip-10-0-0-1:8020/a");
  EXPECT_EQ(read("hdfs://other/a"), "hdfs://other:8020/a");
  EXPECT_EQ(read("hdfs://other:9000"), "hdfs://other:9000/");
  EXPECT_EQ(read("/a/b"), "hdfs://ip-10-0-0-1:8020/a/b");
  EXPECT_EQ(read("/a:b/c"), "hdfs://ip-10-0-0-1:8020/a:b/c");
  EXPECT_EQ(read("/a/b", "file:///"), "file:/a/b");
  EXPECT_EQ(read("file:///a/./b"), "file:/a/b");
  EXPECT_EQ(read("file:/a"), "file:/a");
}

TEST(Location, IsRefusedWithAReason) {
  EXPECT_THAT(read("s3:///key"), HasSubstr("no bucket"));
  EXPECT_THAT(read("s3://my_bucket/key"), HasSubstr("underscore"));
  EXPECT_THAT(read("s3://user@host/key"), HasSubstr("no name of a bucket"));
  EXPECT_THAT(read("hdfs:///a/../b"), HasSubstr(".."));
  EXPECT_THAT(read("hdfs:///a", "file:///"), HasSubstr("fs.defaultFS"));
  EXPECT_THAT(read("relative/path"), HasSubstr("absolute"));
  EXPECT_THAT(read("ftp://host/a"), HasSubstr("\"ftp\""));
  EXPECT_THAT(read(""), HasSubstr("empty"));
}

TEST(Location, HasChildrenAndAParent) {
  const Location bucket = *parse_location("s3://b", kFs);
  EXPECT_EQ(uri(below(bucket, "x/y")), "s3://b/x/y");
  EXPECT_EQ(uri(parent(below(bucket, "x/y"))), "s3://b/x");
  EXPECT_EQ(uri(parent(below(bucket, "x"))), "s3://b/");
  const Location root = *parse_location("/", kFs);
  EXPECT_EQ(below(root, "x").path, "/x");
  EXPECT_EQ(parent(below(root, "x")).path, "/");
  EXPECT_EQ(file_name("/a/b.gz"), "b.gz");
  EXPECT_EQ(file_name("b"), "b");
}

}  // namespace
}  // namespace howdah::distcp
