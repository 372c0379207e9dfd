#include "aws/json_codec.h"

#include <gtest/gtest.h>

#include "aws/emr/types.h"

namespace howdah::aws {
namespace {

const Shape& run_job_flow() { return *emr::operation(emr::Op::kRunJobFlow).input; }
const Shape& list_clusters() { return *emr::operation(emr::Op::kListClusters).output; }

TEST(JsonCodec, ReadsWhatTheModelKnowsAndDropsTheRest) {
  auto input = read_json(run_job_flow(),
                         R"({"Name":"etl","Nope":1,"LogUri":null,"Instances":{"InstanceCount":3,)"
                         R"("KeepJobFlowAliveWhenNoSteps":true},"Steps":[{"Name":"one",)"
                         R"("HadoopJarStep":{"Jar":"command-runner.jar","Args":["a","b"]}}]})");
  ASSERT_TRUE(input.ok()) << input.error().message;
  const emr::RunJobFlowInput view(*input);
  EXPECT_EQ(view.name(), "etl");
  EXPECT_FALSE(view.has("Nope"));
  EXPECT_EQ(view.log_uri(), std::nullopt);
  EXPECT_EQ(view.instances().instance_count(), 3);
  EXPECT_EQ(view.instances().keep_job_flow_alive_when_no_steps(), true);
  ASSERT_EQ(view.steps().size(), 1u);
  EXPECT_EQ(view.steps()[0].hadoop_jar_step().jar(), "command-runner.jar");
  EXPECT_EQ(view.steps()[0].hadoop_jar_step().args(), (std::vector<std::string>{"a", "b"}));
}

TEST(JsonCodec, AWrongTypeIsASerializationException) {
  for (const char* text :
       {R"({"Name":5})", R"({"Steps":{}})", R"({"Steps":"x"})", R"({"Instances":[]})", "[]", "{",
        "7", R"({"Instances":{"InstanceCount":"3"}})", R"({"Instances":{"InstanceCount":1.5}})",
        R"({"Instances":{"InstanceCount":4294967296}})", R"({"VisibleToAllUsers":"true"})"}) {
    auto input = read_json(run_job_flow(), text);
    ASSERT_FALSE(input.ok()) << text;
    EXPECT_EQ(input.error().reason, "SerializationException") << text;
  }
}

TEST(JsonCodec, TimestampsAreSecondsOnTheWireAndMillisecondsInside) {
  const Shape& shape = *emr::operation(emr::Op::kListClusters).input;
  for (const char* text : {R"({"CreatedAfter":1577836800})", R"({"CreatedAfter":1577836800.0})",
                           R"({"CreatedAfter":"2020-01-01T00:00:00Z"})"}) {
    auto input = read_json(shape, text);
    ASSERT_TRUE(input.ok()) << text;
    EXPECT_EQ(base::int_at(*input, "CreatedAfter"), 1577836800000) << text;
  }
}

TEST(JsonCodec, WritesOnlyMembersOfTheModel) {
  emr::ListClustersOutput output;
  emr::ClusterTimelineBuilder timeline;
  timeline.set_creation_date_time(1433199926597).set_end_date_time(1433199926000);
  emr::ClusterStatusBuilder status;
  status.set_state("WAITING").set_timeline(std::move(timeline));
  std::vector<emr::ClusterSummaryBuilder> clusters(1);
  clusters[0].set_id("j-1").set_name("a \"b\"\n\x01").set_status(std::move(status));
  output.set_clusters(std::move(clusters)).raw()["Internal"] = 1;
  std::string text;
  write_json(list_clusters(), output.raw(), text);
  EXPECT_EQ(text,
            R"({"Clusters":[{"Id":"j-1","Name":"a \"b\"\n\u0001","Status":{"State":"WAITING",)"
            R"("Timeline":{"CreationDateTime":1433199926.597,"EndDateTime":1433199926}}}]})");
}

}  // namespace
}  // namespace howdah::aws
