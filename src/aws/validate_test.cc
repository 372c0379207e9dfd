#include "aws/validate.h"

#include <gtest/gtest.h>

#include <set>

#include "aws/emr/types.h"
#include "aws/iam/types.h"
#include "aws/json_codec.h"
#include "aws/services.h"

namespace howdah::aws {
namespace {

std::string faults(const Operation& operation, std::string_view text,
                   Protocol protocol = Protocol::kJson11) {
  auto input = read_json(*operation.input, text);
  EXPECT_TRUE(input.ok()) << text << ": " << input.error().message;
  const auto status = validate(protocol, *operation.input, *input);
  return status.ok() ? "" : status.error().message;
}

std::string faults(emr::Op op, std::string_view text) { return faults(emr::operation(op), text); }

TEST(Validate, AGoodInputHasNoFault) {
  EXPECT_EQ(faults(emr::Op::kRunJobFlow, R"({"Name":"a","Instances":{"InstanceCount":1}})"), "");
}

TEST(Validate, EveryFaultIsToldAtOnceInAmazonsWords) {
  const std::string long_name(257, 'x');
  EXPECT_EQ(
      faults(emr::Op::kRunJobFlow, R"({"Instances":{},"Steps":[{"Name":"s","HadoopJarStep":{}}]})"),
      "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member "
      "must not be null; Value null at 'steps.1.member.hadoopJarStep.jar' failed to satisfy "
      "constraint: Member must not be null");
  EXPECT_EQ(
      faults(emr::Op::kRunJobFlow, R"({"Name":")" + long_name + R"(","Instances":{}})"),
      "1 validation error detected: Value '" + long_name +
          "' at 'name' failed to satisfy constraint: Member must have length less than or equal "
          "to 256");
}

TEST(Validate, RangesAndEnumsAreNamed) {
  EXPECT_EQ(
      faults(emr::Op::kPutAutoTerminationPolicy, R"({})"),
      "1 validation error detected: Value null at 'clusterId' failed to satisfy constraint: Member "
      "must not be null");
  EXPECT_EQ(
      faults(emr::Op::kListReleaseLabels, R"({"MaxResults":0})"),
      "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member "
      "must have value greater than or equal to 1");
  EXPECT_EQ(
      faults(emr::Op::kListReleaseLabels, R"({"MaxResults":101})"),
      "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: "
      "Member must have value less than or equal to 100");
  EXPECT_EQ(
      faults(emr::Op::kAddJobFlowSteps,
             R"({"JobFlowId":"j","Steps":[{"Name":"s","ActionOnFailure":"X",)"
             R"("HadoopJarStep":{"Jar":"j"}}]})"),
      "1 validation error detected: Value 'X' at 'steps.1.member.actionOnFailure' failed to "
      "satisfy "
      "constraint: Member must satisfy enum value set: [TERMINATE_JOB_FLOW, TERMINATE_CLUSTER, "
      "CANCEL_AND_WAIT, CONTINUE]");
}

TEST(Validate, ScalarsOfAListAreToldAtTheList) {
  EXPECT_EQ(
      faults(emr::Op::kListClusters, R"({"ClusterStates":["RUNNING","X","Y"]})"),
      "1 validation error detected: Value '[RUNNING, X, Y]' at 'clusterStates' failed to satisfy "
      "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [STARTING, "
      "BOOTSTRAPPING, RUNNING, WAITING, TERMINATING, TERMINATED, TERMINATED_WITH_ERRORS]]");
  EXPECT_EQ(
      faults(emr::Op::kTerminateJobFlows, R"({"JobFlowIds":[null]})"),
      "1 validation error detected: Value '[null]' at 'jobFlowIds' failed to satisfy constraint: "
      "Member must satisfy constraint: [Member must not be null]");
}

TEST(Validate, PatternsMatchTheWholeText) {
  const Operation& create = iam::operation(iam::Op::kGetRole);
  const auto check = [&](std::string name) {
    return validate(Protocol::kQuery, *create.input, base::JsonObject{{"RoleName", name}});
  };
  EXPECT_TRUE(check("EMR_Default-Role.a@b").ok());
  const auto refused = check("a b");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "ValidationError");
  EXPECT_EQ(
      refused.error().message,
      "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member "
      "must satisfy regular expression pattern: [\\w+=,.@-]+");
  EXPECT_FALSE(check("a\n").ok());
  EXPECT_FALSE(check(std::string("a\xff")).ok());  // no UTF-8
}

TEST(Validate, TenThousandFaultsAreNotAMegabyteOfText) {
  std::string text = R"({"JobFlowId":"j","Steps":[)";
  for (int i = 0; i < 10000; ++i) text += "{},";
  text.back() = ']';
  const std::string message = faults(emr::Op::kAddJobFlowSteps, text + "}");
  EXPECT_TRUE(message.starts_with("20000 validation errors detected: ")) << message.substr(0, 60);
  EXPECT_LT(message.size(), 20000u);
}

void collect(const Shape& shape, std::set<const Shape*>& seen) {
  if (!seen.insert(&shape).second) return;
  for (size_t i = 0; i < shape.member_count; ++i) collect(*shape.members[i].shape, seen);
  for (const Member* part : {shape.element, shape.key, shape.value}) {
    if (part) collect(*part->shape, seen);
  }
}

TEST(Validate, EveryPatternOfEveryModelIsUnderstood) {
  std::set<const Shape*> shapes;
  for (const Service* service : all_services()) {
    for (size_t i = 0; i < service->operation_count; ++i) {
      for (const Shape* shape : {service->operations[i].input, service->operations[i].output}) {
        if (shape) collect(*shape, shapes);
      }
    }
  }
  size_t patterns = 0;
  for (const Shape* shape : shapes) {
    if (!shape->pattern) continue;
    ++patterns;
    EXPECT_TRUE(compiles(*shape->pattern)) << std::string_view(shape->pattern->source);
  }
  EXPECT_GT(patterns, 50u);
}

}  // namespace
}  // namespace howdah::aws
