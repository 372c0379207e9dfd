#include "services/s3/range.h"

#include <gmock/gmock.h>

#include <random>

#include "services/s3/range_fuzz.cc"

namespace howdah::services::s3 {
namespace {

TEST(Range, SelectsTheBytesThatRfc9110Says) {
  struct Case {
    const char* range;
    uint64_t size, offset, length;
  };
  for (const Case& c :
       {Case{"bytes=0-0", 10, 0, 1}, Case{"bytes=2-5", 10, 2, 4}, Case{"bytes=7-", 10, 7, 3},
        Case{"bytes=-3", 10, 7, 3}, Case{"bytes=-30", 10, 0, 10}, Case{"bytes=5-900", 10, 5, 5},
        Case{"bytes=0-18446744073709551615", 10, 0, 10},
        Case{"bytes=0-99999999999999999999999", 10, 0, 10}}) {
    const auto span = parse_range(c.range, c.size);
    ASSERT_TRUE(span.ok() && *span) << c.range;
    EXPECT_EQ((*span)->offset, c.offset) << c.range;
    EXPECT_EQ((*span)->length, c.length) << c.range;
  }
}

TEST(Range, ThatCannotBeMetIs416) {
  for (const char* range : {"bytes=10-", "bytes=10-20", "bytes=-0"}) {
    EXPECT_EQ(parse_range(range, 10).error().reason, "InvalidRange") << range;
  }
  EXPECT_EQ(parse_range("bytes=0-", 0).error().reason, "InvalidRange");
}

TEST(Range, ThatIsNoneIsIgnored) {
  for (const char* range : {"", "bytes", "bytes=", "bytes=a-b", "bytes=5-2", "lines=1-2",
                            "bytes=0-1,3-4", "bytes=1", "bytes=-", "bytes=--1"}) {
    const auto span = parse_range(range, 10);
    EXPECT_TRUE(span.ok() && !*span) << range;
  }
}

TEST(CopySource, NamesABucketAndAKey) {
  EXPECT_EQ(parse_copy_source("b/k")->key, "k");
  EXPECT_EQ(parse_copy_source("/b/a%2Fb%20c+d%2B")->key, "a/b c+d+");
  EXPECT_EQ(parse_copy_source("us-east-1.elasticmapreduce/a/b")->bucket,
            "us-east-1.elasticmapreduce");
  EXPECT_EQ(parse_copy_source("b/k?versionId=null")->key, "k");
  EXPECT_EQ(parse_copy_source("b/k?versionId=3").error().reason, "NoSuchVersion");
  for (const char* bad : {"", "/", "b", "b/", "/b/", "//k", "b/%zz"}) {
    EXPECT_EQ(parse_copy_source(bad).error().reason, "InvalidArgument") << bad;
  }
}

TEST(CopyRange, NeedsBothEnds) {
  EXPECT_EQ(parse_copy_range("bytes=0-9")->second, 9u);
  for (const char* bad : {"bytes=0-", "bytes=-5", "0-9", "bytes=9-0", ""}) {
    EXPECT_FALSE(parse_copy_range(bad).ok()) << bad;
  }
}

TEST(Tagging, ReadsAndRefuses) {
  EXPECT_EQ(*parse_tagging("a=1&b=x+y%26&c"),
            (objects::Pairs{{"a", "1"}, {"b", "x y&"}, {"c", ""}}));
  EXPECT_EQ(parse_tagging("a=1&a=2").error().reason, "InvalidTag");
  EXPECT_EQ(parse_tagging("=1").error().reason, "InvalidTag");
  EXPECT_EQ(parse_tagging("a=%zz").error().reason, "InvalidArgument");
  EXPECT_EQ(parse_tagging("a&b&c&d&e&f&g&h&i&j&k").error().reason, "BadRequest");
}

TEST(Token, GoesThereAndBackAndNoOtherIsTaken) {
  for (const char* key : {"a", "a/b c\xc3\xa9", "\xff"}) {
    EXPECT_EQ(*decode_token(encode_token(key)), key);
  }
  for (const char* bad : {"", "1", "2YQ==", "1!!", "a"}) {
    EXPECT_EQ(decode_token(bad).error().reason, "InvalidArgument") << bad;
  }
}

TEST(Fuzz, TheSmallLanguagesTakeAnyBytes) {
  const std::string seeds[] = {"bytes=0-10",   "bytes=-5,1-2", "/bucket/a%2Fb?versionId=null",
                               "a=1&b=%20+&c", "1YS9iIGM=",    "bytes=18446744073709551615-"};
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "x" + seeds[random() % std::size(seeds)];
    for (unsigned changes = random() % 4; changes-- > 0;) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.insert(at, 1, static_cast<char>(random()));
          break;
        default:
          text.erase(at, text.size() > 1 ? 1 : 0);
      }
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  }
}

}  // namespace
}  // namespace howdah::services::s3
