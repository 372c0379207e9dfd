#include "apps/instance_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "apps/files.h"
#include "apps/test_folder.h"

namespace howdah::apps {
namespace {

using testing::HasSubstr;

TEST(InstanceTypes, SizesFollowFromTheFamily) {
  const base::Result<InstanceTypes> types = InstanceTypes::load(apps_folder());
  ASSERT_TRUE(types.ok()) << types.error().message;
  const InstanceType* xlarge = types->find("m5.xlarge");
  ASSERT_NE(xlarge, nullptr);
  EXPECT_EQ(xlarge->vcpu, 4);
  EXPECT_EQ(xlarge->memory_mib(), 16384u);
  EXPECT_EQ(xlarge->normalization_factor, 8);
  EXPECT_TRUE(xlarge->ebs_only());
  EXPECT_DOUBLE_EQ(xlarge->ec2_usd_per_hour, 0.192);
  EXPECT_DOUBLE_EQ(xlarge->emr_usd_per_hour, 0.048);
  EXPECT_EQ(types->find("m4.large")->vcpu, 2);
  EXPECT_EQ(types->find("r6g.16xlarge")->memory_gib, 512);
  EXPECT_EQ(types->find("r6g.16xlarge")->architecture, "AARCH64");
  EXPECT_EQ(types->find("i3.16xlarge")->storage_gb, 8 * 1900);
  EXPECT_EQ(types->find("m5.tiny"), nullptr);
  std::set<std::string> names;
  for (const InstanceType& type : types->all())
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
}

TEST(InstanceTypes, ABrokenTableNamesTheFamily) {
  TestFolder folder;
  const auto problem = [&](std::string_view text) {
    CHECK(write_file(folder.path() / "instance_types.json", text).ok());
    return InstanceTypes::load(folder.path()).error().message;
  };
  EXPECT_THAT(problem("{}"), HasSubstr("\"families\""));
  EXPECT_THAT(problem(R"({"families":[{}]})"), HasSubstr("without a name"));
  EXPECT_THAT(problem(
                  R"({"families":[
    {"family":"m9","architecture":"X86_64","memory_gib":1,"usd_per_hour":1,"sizes":["a"]}]})"),
              HasSubstr("family m9"));
}

}  // namespace
}  // namespace howdah::apps
