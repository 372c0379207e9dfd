#include "cli/doctor/check.h"

#include <gtest/gtest.h>

namespace howdah::cli {
namespace {

TEST(Doctor, KnowsWhichAwsCliHonoursTheEndpointVariable) {
  EXPECT_TRUE(honours_endpoint_url("aws-cli/1.29.0 Python/3.11.2 Linux/6.1 botocore/1.31.0"));
  EXPECT_TRUE(honours_endpoint_url("aws-cli/1.45.11 Python/3.11.7"));
  EXPECT_TRUE(honours_endpoint_url("aws-cli/2.13.0 Python/3.11.4"));
  EXPECT_TRUE(honours_endpoint_url("aws-cli/3.0.0"));
  EXPECT_FALSE(honours_endpoint_url("aws-cli/1.28.85 Python/3.11.2"));
  EXPECT_FALSE(honours_endpoint_url("aws-cli/2.12.7 Python/3.11.4"));
  EXPECT_FALSE(honours_endpoint_url("aws-cli/2"));
  EXPECT_FALSE(honours_endpoint_url("command not found"));
}

TEST(Doctor, EveryFindingNamesItsFix) {
  Globals globals;
  globals.data_dir = globals.engines_dir = "/var/tmp";
  for (const auto& checks : {check_kernel(), check_host(globals)}) {
    for (const Check& check : checks) {
      EXPECT_FALSE(check.found.empty()) << check.name;
      EXPECT_EQ(check.fix.empty(), check.verdict == Check::Verdict::kOk) << check.name;
    }
  }
}

}  // namespace
}  // namespace howdah::cli
