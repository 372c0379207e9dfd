#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace howdah::base {
namespace {

TEST(Text, SplittingAndJoiningUndoEachOther) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    std::vector<std::string> parts;
    for (std::string_view part : split(text, ',')) parts.emplace_back(part);
    RC_ASSERT(join(parts, ",") == text);
  }));
  EXPECT_EQ(split("", ',').size(), 1u);
}

TEST(Text, EncodingsGoThereAndBackForAllBytes) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    RC_ASSERT(percent_decode(percent_encode(bytes)) == bytes);
    RC_ASSERT(percent_decode(percent_encode(bytes, "/"), false) == bytes);
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
    RC_ASSERT(to_hex(bytes).size() == bytes.size() * 2);
  }));
}

TEST(Text, DecodersTakeAnyBytes) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    (void)percent_decode(bytes, true);
    (void)from_base64(bytes);
    (void)parse_iso8601(bytes);
    (void)parse_rfc822(bytes);
    RC_ASSERT(trim(bytes).size() <= bytes.size());
  }));
  EXPECT_EQ(percent_decode("%"), std::nullopt);
  EXPECT_EQ(percent_decode("a%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%+1"), std::nullopt);
  EXPECT_EQ(from_base64("===="), std::nullopt);
  EXPECT_EQ(from_base64("A==="), std::nullopt);
  EXPECT_EQ(from_base64("AAA\n"), std::nullopt);
}

TEST(Text, TimesGoThereAndBack) {
  EXPECT_TRUE(rc::check([] {
    // years 1 to 9999
    const auto millis = *rc::gen::inRange<int64_t>(-62135596800000, 253402300799999);
    const Time time = from_millis(millis);
    RC_ASSERT(parse_iso8601(to_iso8601(time)) == time);
    RC_ASSERT(parse_rfc822(to_rfc822(time)) == std::chrono::floor<std::chrono::seconds>(time));
  }));
}

TEST(Text, TimesThatAreNone) {
  for (const char* text :
       {"", "2026", "2026-1-01", "2026-13-01", "2026-02-29", "2026-01-01T", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00x", "2026-01-01T-0:00:00Z",
        "2026-01-01T00:00:00+2", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00ZZ",
        "2026-01-01 00:00:00"}) {
    EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
  }
  for (const char* text : {"", "Sat, 31 Jan 2026 23:59:59 UTC", "Sat, 31 Foo 2026 23:59:59 GMT",
                           "Sat, 31-Jan-2026 23:59:59 GMT", "Sat, 31 Jan 2026 23.59.59 GMT",
                           "31 Jan 2026 23:59:59 GMT"}) {
    EXPECT_EQ(parse_rfc822(text), std::nullopt) << text;
  }
}

TEST(Text, OffsetsAndFractionsOfTimes) {
  const Time noon = *parse_iso8601("2026-01-01T12:00:00Z");
  EXPECT_EQ(parse_iso8601("2026-01-01T14:00:00+0200"), noon);
  EXPECT_EQ(parse_iso8601("2026-01-01T06:30:00-05:30"), noon);
  EXPECT_EQ(parse_iso8601("2026-01-01T12:00:00"), noon);
  EXPECT_EQ(parse_iso8601("2026-01-01T12:00:00.5Z"), noon + Millis(500));
  EXPECT_EQ(parse_iso8601("2026-01-01T12:00:00.123456789Z"), noon + Millis(123));
  EXPECT_EQ(parse_iso8601("2026-01-01"), noon - std::chrono::hours(12));
}

TEST(Text, ComparesWithoutRegardToCaseOrTime) {
  EXPECT_TRUE(equals_ignore_case("Content-LENGTH", "content-length"));
  EXPECT_FALSE(equals_ignore_case("a", "ab"));
  EXPECT_FALSE(equals_ignore_case("[", "{"));  // 32 apart, as letters of two cases are
  EXPECT_EQ(to_lower("AÉZ"), "aÉz");
  EXPECT_TRUE(equals_in_constant_time("", ""));
  EXPECT_TRUE(equals_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equals_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equals_in_constant_time("abc", "ab"));
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \t "), "");
}

}  // namespace
}  // namespace howdah::base
