#include "base/log.h"

#include <gtest/gtest.h>

#include "base/ids.h"

namespace howdah::base {
namespace {

TEST(Log, AnEntryIsOneLineWhateverItHolds) {
  testing::internal::CaptureStderr();
  log_warn("http", "path {}", "/a\nfake\x1b[31m");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("Z warning http: path /a\\nfake\\x1b[31m\n"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Log, WhatIsBelowTheLevelIsNotWritten) {
  testing::internal::CaptureStderr();
  set_log_level(Level::kError);
  log_warn("http", "no");
  log_error("http", "yes");
  set_log_level(Level::kInfo);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("no"), std::string::npos);
  EXPECT_NE(text.find("yes"), std::string::npos);
}

TEST(Ids, AreOfTheirAlphabetAndAllOfIt) {
  RandomIds ids;
  for (const std::string_view alphabet : {kUpperAlnum, kLowerAlnum, kHexDigits, kMixedAlnum}) {
    const std::string token = ids.token(alphabet, 5000);
    EXPECT_EQ(token.size(), 5000u);
    EXPECT_EQ(token.find_first_not_of(alphabet), std::string::npos);
    for (char c : alphabet) EXPECT_NE(token.find(c), std::string::npos) << c;
  }
  EXPECT_EQ(ids.token("a", 3), "aaa");
  EXPECT_EQ(ids.token(kHexDigits, 0), "");
}

TEST(Ids, UuidsAreOfVersionFour) {
  RandomIds ids;
  const std::string uuid = ids.uuid();
  EXPECT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
  EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
}

}  // namespace
}  // namespace howdah::base
