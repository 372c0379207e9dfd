#include "aws/arn.h"

#include <gtest/gtest.h>

namespace howdah::aws {
namespace {

TEST(Arn, GoesBothWays) {
  for (const char* text :
       {"arn:aws:iam::000000000000:role/EMR_DefaultRole", "arn:aws:s3:::bucket/a:b/c",
        "arn:aws-cn:elasticmapreduce:us-east-1:000000000000:cluster/j-1"}) {
    const auto arn = parse_arn(text);
    ASSERT_TRUE(arn) << text;
    EXPECT_EQ(to_text(*arn), text);
  }
  EXPECT_EQ(parse_arn("arn:aws:s3:::b/a:b")->resource, "b/a:b");
}

TEST(Arn, WhatIsNoArnIsRefused) {
  for (const char* text : {"", "arn", "arn:aws:s3::", "arn:aws:s3:::", "urn:aws:s3:::b",
                           "arn::s3:::b", "arn:aws::::b"}) {
    EXPECT_FALSE(parse_arn(text)) << text;
  }
}

TEST(Arn, TheOnesWeMake) {
  EXPECT_EQ(iam_arn("1", "root"), "arn:aws:iam::1:root");
  EXPECT_EQ(cluster_arn("us-east-1", "1", "j-1"),
            "arn:aws:elasticmapreduce:us-east-1:1:cluster/j-1");
  EXPECT_EQ(s3_arn("b"), "arn:aws:s3:::b");
  EXPECT_EQ(s3_arn("b", "k/l"), "arn:aws:s3:::b/k/l");
  EXPECT_EQ(assumed_role_arn("1", "R", "s"), "arn:aws:sts::1:assumed-role/R/s");
}

}  // namespace
}  // namespace howdah::aws
