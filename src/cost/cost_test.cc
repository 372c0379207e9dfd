#include "cost/cost.h"

#include <gtest/gtest.h>

namespace howdah::cost {
namespace {

using base::from_millis;
using base::Millis;

TEST(Cost, InstancesAreBilledByTheSecondWithAMinuteAtLeast) {
  const InstancePrice price{0.36, 0.036};
  const struct {
    int64_t millis;
    double seconds;
  } rows[] = {{0, 60},     {1, 60},         {59999, 60},     {60000, 60},
              {60001, 61}, {3600000, 3600}, {5400500, 5401}, {-1, 0}};
  for (const auto& row : rows) {
    const Cost cost = of_instance(from_millis(1000), from_millis(1000) + Millis(row.millis), price);
    EXPECT_NEAR(cost.hours, row.seconds / 3600, 1e-12) << row.millis;
    EXPECT_NEAR(cost.ec2_usd, row.seconds * 0.0001, 1e-12) << row.millis;
    EXPECT_NEAR(cost.emr_usd, row.seconds * 0.00001, 1e-12) << row.millis;
  }
}

TEST(Cost, RunsAreBilledByResource) {
  const Cost cost = of_runs(2, 8, 100, {0.05, 0.005, 0.0001});
  EXPECT_NEAR(cost.total_usd(), 0.1 + 0.04 + 0.01, 1e-12);
  EXPECT_EQ(cost.hours, 0);
}

TEST(Cost, CostsAddUp) {
  Cost sum = of_instance(from_millis(0), from_millis(3600000), {1, 0.25});
  sum += of_runs(1, 0, 0, {0.5, 0, 0});
  EXPECT_NEAR(sum.total_usd(), 1.75, 1e-12);
}

}  // namespace
}  // namespace howdah::cost
