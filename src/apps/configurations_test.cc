#include "apps/configurations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace howdah::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

base::JsonArray list(std::string_view text) {
  base::Result<base::Json> json = base::parse_json(text);
  CHECK(json.ok());
  return json->as_array();
}

std::string refusal(std::string_view text) {
  const base::Status status = check_configurations(list(text));
  if (status.ok()) return {};
  EXPECT_EQ(status.error().reason, "ValidationException");
  return status.error().message;
}

TEST(CheckConfigurations, AcceptsWhatAwsDocuments) {
  EXPECT_EQ(refusal(R"([
    {"Classification":"spark","Properties":{"maximizeResourceAllocation":"true"}},
    {"Classification":"spark-defaults","Properties":{"spark.dynamicAllocation.enabled":"false"}},
    {"Classification":"spark-env","Configurations":[
      {"Classification":"export","Properties":{"PYSPARK_PYTHON":"/usr/bin/python3"}}]},
    {"Classification":"hadoop-env","Configurations":[
      {"Classification":"export","Properties":{"A":"b"},"Configurations":[]}]},
    {"Classification":"trino-connector-hive","Properties":{}},
    {"Classification":"hive-site","Properties":{"a":"b"}}])"),
            "");
  EXPECT_EQ(refusal("[]"), "");
}

TEST(CheckConfigurations, NamesTheUnknownAndListsTheKnown) {
  const std::string message = refusal(R"([{"Classification":"spark-default","Properties":{}}])");
  EXPECT_THAT(message, HasSubstr("'spark-default'"));
  EXPECT_THAT(message, HasSubstr("spark-defaults"));
  EXPECT_THAT(message, HasSubstr("presto-connector-tpcds"));
}

TEST(CheckConfigurations, RefusesWhatCannotBeWritten) {
  EXPECT_THAT(refusal(R"([{"Properties":{}}])"), HasSubstr("no Classification"));
  EXPECT_THAT(refusal(R"(["spark"])"), HasSubstr("no Classification"));
  EXPECT_THAT(refusal(R"([{"Classification":"export","Properties":{}}])"),
              HasSubstr("'export' is not known"));
  EXPECT_THAT(refusal(R"([{"Classification":"core-site","Properties":{" ":"b"}}])"),
              HasSubstr("empty name"));
  EXPECT_THAT(
      refusal(R"([{"Classification":"hdfs-site","Configurations":[{"Classification":"export"}]}])"),
      HasSubstr("ends in -env"));
  EXPECT_THAT(
      refusal(R"([{"Classification":"spark-env","Configurations":[{"Classification":"spark"}]}])"),
      HasSubstr("'spark' cannot be nested"));
  EXPECT_THAT(refusal(R"([{"Classification":"spark-env","Configurations":[
      {"Classification":"export","Properties":{"A; rm -rf /":"b"}}]}])"),
              HasSubstr("not a name that can be exported"));
  EXPECT_THAT(
      refusal(R"([{"Classification":"spark","Properties":{"maximizeResourceAllocation":"yes"}}])"),
      HasSubstr("true or false"));
}

TEST(CheckConfigurations, SaysWhatHasNoEffect) {
  EXPECT_THAT(
      configurations_without_effect(list(R"([{"Classification":"spark-defaults","Properties":{}},
      {"Classification":"hue-ini","Properties":{}},
      {"Classification":"spark","Properties":{"x":"y"}}])")),
      ElementsAre(HasSubstr("hue-ini"), HasSubstr("Property x")));
  EXPECT_THAT(configurations_without_effect({}), IsEmpty());
}

TEST(Flatten, LaterEntriesWin) {
  const Configurations flat = flatten(list(R"([
    {"Classification":"core-site","Properties":{"a":"1","b":"2"}},
    {"Classification":"core-site","Properties":{"a":"3"}},
    {"Classification":"spark-env","Configurations":[
      {"Classification":"export","Properties":{"X":"1"}}]}])"));
  EXPECT_THAT(flat.of("core-site"), ElementsAre(Pair("a", "3"), Pair("b", "2")));
  EXPECT_THAT(flat.exports_of("spark-env"), ElementsAre(Pair("X", "1")));
  EXPECT_THAT(flat.of("hdfs-site"), IsEmpty());
}

TEST(Classifications, AreAllThere) {
  EXPECT_GE(known_classifications().size(), 150u);
  EXPECT_TRUE(acts_here("spark-log4j2"));
  EXPECT_FALSE(acts_here("hue-ini"));
}

}  // namespace
}  // namespace howdah::apps
