#include "aws/context.h"

#include <gtest/gtest.h>

namespace howdah::aws {
namespace {

TEST(Context, OnlyTheExactWaiterTokenCounts) {
  EXPECT_TRUE(
      from_waiter("Boto3/1.43 md/Botocore#1.43 ua/2.1 os/linux m/b,B,D cfg/retry-mode#legacy"));
  EXPECT_TRUE(from_waiter("aws-cli/1.46 m/B"));
  EXPECT_FALSE(from_waiter("aws-cli/1.46 m/b,BC,D"));
  EXPECT_FALSE(from_waiter("aws-cli/1.46 lib/B md/B"));
  EXPECT_FALSE(from_waiter(""));
}

}  // namespace
}  // namespace howdah::aws
