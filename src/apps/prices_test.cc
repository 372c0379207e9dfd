#include "apps/prices.h"

#include <gtest/gtest.h>

namespace howdah::apps {
namespace {

TEST(Prices, BothArchitecturesHaveThem) {
  const auto prices = Prices::load(HOWDAH_APPS_FOLDER);
  ASSERT_TRUE(prices.ok()) << prices.error().message;
  EXPECT_EQ(prices->region, "us-east-1");
  for (const char* architecture : {"X86_64", "ARM64"}) {
    ASSERT_TRUE(prices->workers.contains(architecture));
    EXPECT_GT(prices->workers.at(architecture).vcpu_hour, prices->workers.at(architecture).gb_hour);
  }
}

TEST(Prices, ABrokenTableIsRefusedByName) {
  const auto none = Prices::load("/nonexistent");
  EXPECT_FALSE(none.ok());
}

}  // namespace
}  // namespace howdah::apps
