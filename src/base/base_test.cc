#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/text.h"

namespace howdah::base {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return invalid_argument("odd");
  return n / 2;
}

Result<int> quarter(int n) {
  const int once = TRY(half(n));
  return TRY(half(once));
}

TEST(Result, TryPassesTheErrorOn) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(Digest, MatchesPublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(digest(Algorithm::kMd5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(digest(Algorithm::kSha1, "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(digest(Algorithm::kCrc32, "123456789")), "cbf43926");
  EXPECT_EQ(to_hex(digest(Algorithm::kCrc32c, "123456789")), "e3069283");
  EXPECT_EQ(to_hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

TEST(Text, PercentEncodingGoesThereAndBack) {
  EXPECT_EQ(percent_encode("a b/c+é~"), "a%20b%2Fc%2B%C3%A9~");
  EXPECT_EQ(percent_decode("a%20b%2Fc%2B%C3%A9~"), "a b/c+é~");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%zz"), std::nullopt);
}

TEST(Text, Base64) {
  EXPECT_EQ(to_base64("hello"), "aGVsbG8=");
  EXPECT_EQ(from_base64("aGVsbG8="), "hello");
  EXPECT_EQ(from_base64("aGVsbG8"), std::nullopt);
  EXPECT_EQ(from_base64("aG=sbG8="), std::nullopt);
}

TEST(Text, TimesInBothSpellings) {
  const Time time = from_millis(1769903999123);
  EXPECT_EQ(to_iso8601(time), "2026-01-31T23:59:59.123Z");
  EXPECT_EQ(to_rfc822(time), "Sat, 31 Jan 2026 23:59:59 GMT");
  EXPECT_EQ(parse_iso8601("2026-01-31T23:59:59.123Z"), time);
  EXPECT_EQ(parse_iso8601("2026-02-01T01:59:59.123+02:00"), time);
  EXPECT_EQ(to_millis(*parse_rfc822("Sat, 31 Jan 2026 23:59:59 GMT")), 1769903999000);
  EXPECT_EQ(parse_iso8601("2026-02-30"), std::nullopt);
}

TEST(Json, ParsesWithoutThrowing) {
  EXPECT_EQ(int_at(parse_json(R"({"a":3})")->get_object(), "a"), 3);
  EXPECT_FALSE(parse_json("{\"a\":").ok());
  EXPECT_FALSE(parse_json("{} x").ok());
  EXPECT_FALSE(parse_json("\"\xff\"").ok());
  EXPECT_FALSE(parse_json(std::string(10000, '[')).ok());
}

TEST(Ids, AreRepeatableOnlyWithASeed) {
  SeededIds a(7), b(7);
  EXPECT_EQ(a.token(kUpperAlnum, 13), b.token(kUpperAlnum, 13));
  RandomIds c;
  EXPECT_NE(c.uuid(), c.uuid());
}

TEST(Clock, AJumpOfTheWallMovesNoSteadyTime) {
  FakeClock clock;
  const Millis before = clock.steady();
  clock.jump(std::chrono::hours(8));
  EXPECT_EQ(clock.steady(), before);
  clock.advance(Millis(5));
  EXPECT_EQ(clock.steady(), before + Millis(5));
}

}  // namespace
}  // namespace howdah::base
