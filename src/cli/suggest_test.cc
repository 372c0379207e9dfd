#include "cli/suggest.h"

#include <gtest/gtest.h>

namespace howdah::cli {
namespace {

const std::vector<std::string> kCommands{"up",       "down", "status", "install",
                                         "releases", "logs", "wait"};

TEST(Suggest, ATypoIsOneEdit) {
  EXPECT_EQ(edit_distance("status", "stauts"), 1u);  // neighbours swapped
  EXPECT_EQ(edit_distance("logs", "log"), 1u);
  EXPECT_EQ(edit_distance("", "up"), 2u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

TEST(Suggest, TheNearestCommandIsProposed) {
  EXPECT_EQ(nearest("stauts", kCommands), "status");
  EXPECT_EQ(nearest("instal", kCommands), "install");
  EXPECT_EQ(nearest("rel", kCommands), "releases");  // a beginning counts as near
}

TEST(Suggest, NothingIsProposedForSomethingElse) {
  EXPECT_EQ(nearest("kubernetes", kCommands), "");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace howdah::cli
