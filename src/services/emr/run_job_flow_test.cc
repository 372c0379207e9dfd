#include <fmt/format.h>

#include "services/emr/test_world.h"

namespace howdah::services::emr {
namespace {

class RunJobFlow : public World {};

TEST_F(RunJobFlow, AnswersIdAndArnAndTheClusterIsStarting) {
  const base::JsonObject answer = must("RunJobFlow", base::to_text(request("{}")));
  const std::string id = at(answer, "JobFlowId");
  EXPECT_EQ(id.size(), 15u);
  EXPECT_TRUE(id.starts_with("j-"));
  EXPECT_EQ(at(answer, "ClusterArn"),
            "arn:aws:elasticmapreduce:us-east-1:000000000000:cluster/" + id);
  EXPECT_EQ(state(id), "STARTING");
}

struct Refusal {
  const char* changes;
  const char* error;  // how it begins
};

constexpr Refusal kRefusals[] = {
    {R"({"Name":"a|b"})", "ValidationException: The cluster name contains '|'"},
    {R"({"ReleaseLabel":"emr-9.9.9"})",
     "ValidationException: The supplied release label is invalid: emr-9.9.9."},
    {R"({"ReleaseLabel":"emr-6.12.0"})",
     "ValidationException: The release label emr-6.12.0 is known, but"},
    {R"({"ReleaseLabel":null})",
     "ValidationException: Must specify exactly one of the following: release label"},
    {R"({"AmiVersion":"3.1.0"})",
     "ValidationException: Only one AMI version and release label may be specified. "
     "Provided AMI: 3.1.0, release label: emr-7.10.0."},
    {R"({"ReleaseLabel":null,"AmiVersion":"3.1.0"})",
     "ValidationException: AmiVersion 3.1.0 is refused"},
    {R"({"Applications":[{"Name":"Sparkle"}]})",
     "ValidationException: The application 'Sparkle' is not part of emr-7.10.0"},
    {R"({"Applications":[{"Name":"Spark"},{"Name":"Presto"}]})",
     "ValidationException: Presto cannot be run here yet on emr-7.10.0"},
    {R"({"SupportedProducts":["mapr"]})", "ValidationException: Cannot specify supported products"},
    {R"({"Configurations":[{"Classification":"sparkle-defaults","Properties":{}}]})",
     "ValidationException: "},
    {R"({"Instances":{"InstanceGroups":null,"InstanceCount":0,"MasterInstanceType":"m5.xlarge"}})",
     "ValidationException: Instance count must be greater than 0."},
    {R"({"Instances":{"InstanceGroups":null,"InstanceCount":2,"MasterInstanceType":"m5.xlarge",
        "SlaveInstanceType":"z9.huge"}})",
     "ValidationException: Instance type 'z9.huge' is not supported."},
    {R"({"Instances":{"InstanceGroups":null,"InstanceCount":1001,
        "MasterInstanceType":"m5.xlarge"}})",
     "ValidationException: A cluster has at most 1000 instances; 1001 were asked for."},
    {R"({"Instances":{"InstanceGroups":[{"InstanceRole":"MASTER","InstanceType":"m5.xlarge",
        "InstanceCount":3}]}})",
     "ValidationException: Three primary nodes cannot be run here yet"},
    {R"({"Instances":{"InstanceGroups":[{"InstanceRole":"MASTER","InstanceType":"z9.huge",
        "InstanceCount":1}]}})",
     "ValidationException: Instance type 'z9.huge' is not supported. Supported instance types: "},
    {R"({"Instances":{"InstanceGroups":null}})",
     "ValidationException: No instances were asked for"},
    {R"({"Instances":{"InstanceCount":1}})",
     "ValidationException: Please configure instances using one and only one"},
    {R"({"JobFlowRole":"Nobody"})", "ValidationException: Invalid InstanceProfile: Nobody."},
    {R"({"ServiceRole":"Nobody"})", "ValidationException: Invalid ServiceRole: Nobody."},
    {R"({"JobFlowRole":null})",
     "ValidationException: InstanceProfile is required for creating cluster."},
    {R"({"ServiceRole":null})",
     "ValidationException: ServiceRole is required for creating cluster."},
    {R"({"LogUri":"file:///tmp"})", "ValidationException: LogUri 'file:///tmp' is not valid"},
    {R"({"StepConcurrencyLevel":257})",
     "ValidationException: Step concurrency level 257 is not valid"},
    {R"({"AutoTerminationPolicy":{"IdleTimeout":59}})",
     "ValidationException: IdleTimeout 59 is not valid"},
    {R"({"SecurityConfiguration":"s"})", "ValidationException: SecurityConfiguration is refused"},
    {R"({"KerberosAttributes":{"Realm":"R","KdcAdminPassword":"p"}})",
     "ValidationException: KerberosAttributes is refused"},
    {R"({"LogEncryptionKmsKeyId":"k"})", "ValidationException: LogEncryptionKmsKeyId is refused"},
    {R"({"CustomAmiId":"ami-1"})", "ValidationException: CustomAmiId is refused"},
    {R"({"ManagedScalingPolicy":{"ComputeLimits":{"UnitType":"Instances",
        "MinimumCapacityUnits":1,"MaximumCapacityUnits":2}}})",
     "ValidationException: ManagedScalingPolicy is refused"},
    {R"({"Tags":[{"Value":"v"}]})", "InvalidRequestException: Invalid tag key: 'null'."},
    {R"({"BootstrapActions":[{"Name":"b","ScriptBootstrapAction":{"Path":"http://x/y"}}]})",
     "ValidationException: The path 'http://x/y' of bootstrap action 'b' is not valid"},
    {R"({"StepConcurrencyLevel":2,"Steps":[{"Name":"s","ActionOnFailure":"CANCEL_AND_WAIT",
        "HadoopJarStep":{"Jar":"x.jar"}}]})",
     "ValidationException: The ActionOnFailure setting CANCEL_AND_WAIT of step 's' is not valid"},
};

TEST_F(RunJobFlow, WhatCannotRunIsRefusedAndMakesNoCluster) {
  for (const Refusal& refusal : kRefusals) {
    const std::string said = run_error(refusal.changes);
    EXPECT_TRUE(said.starts_with(refusal.error)) << refusal.changes << "\n  said " << said;
  }
  EXPECT_EQ(at(must("ListClusters", "{}"), "Clusters"), "[]");
}

TEST_F(RunJobFlow, LimitsAreCounted) {
  std::string actions, steps;
  for (int i = 0; i < 17; ++i) {
    actions += fmt::format(R"({}{{"Name":"b","ScriptBootstrapAction":{{"Path":"s3://b/x.sh"}}}})",
                           i ? "," : "");
  }
  EXPECT_TRUE(run_error(fmt::format(R"({{"BootstrapActions":[{}]}})", actions))
                  .starts_with("ValidationException: 17 bootstrap"));
  for (int i = 0; i < 257; ++i)
    steps += fmt::format(R"({}{{"Name":"s","HadoopJarStep":{{"Jar":"x.jar"}}}})", i ? "," : "");
  EXPECT_EQ(run_error(fmt::format(R"({{"Steps":[{}]}})", steps)),
            "ValidationException: Maximum number of active steps(State = 'Running', 'Pending' or "
            "'Cancel_Pending') for "
            "cluster exceeded.");
  const std::string args(10240, 'x');
  EXPECT_TRUE(
      run_error(
          fmt::format(
              R"({{"Steps":[{{"Name":"s","HadoopJarStep":{{"Jar":"x.jar","Args":["{}"]}}}}]}})",
              args))
          .starts_with("ValidationException: The string values of the HadoopJarStep of step 's' "
                       "have 10245"));
}

TEST_F(RunJobFlow, ErrorsListWhatIsKnownAndWhatRuns) {
  const std::string label = run_error(R"({"ReleaseLabel":"emr-9.9.9"})");
  EXPECT_NE(label.find("What runs here: emr-7.10.0"), label.npos) << label;
  EXPECT_NE(label.find("emr-6.5.0"), label.npos) << label;
  const std::string application = run_error(R"({"Applications":[{"Name":"Sparkle"}]})");
  EXPECT_NE(application.find("Hive"), application.npos) << application;
}

TEST_F(RunJobFlow, BothRolesMustBePassable) {
  denied_ = "arn:aws:iam::000000000000:role/EMR_DefaultRole";
  EXPECT_TRUE(run_error("{}").starts_with(
      "AccessDeniedException: not authorized to perform: iam:PassRole"));
  denied_ = "arn:aws:iam::000000000000:role/EMR_EC2_DefaultRole";
  EXPECT_TRUE(run_error("{}").starts_with("AccessDeniedException: "));
  denied_ = "arn:aws:iam::000000000000:role/Secret";
  EXPECT_TRUE(run_error(R"({"ServiceRole":"Secret"})").starts_with("AccessDeniedException: "))
      << "who may not pass a role does not learn whether it exists";
}

TEST_F(RunJobFlow, RolesMayBeGivenAsArns) {
  const std::string id = run(R"({"ServiceRole":"arn:aws:iam::000000000000:role/EMR_DefaultRole",
      "JobFlowRole":"arn:aws:iam::000000000000:instance-profile/EMR_EC2_DefaultRole"})");
  EXPECT_EQ(at(describe(id), "Cluster.ServiceRole"),
            "arn:aws:iam::000000000000:role/EMR_DefaultRole");
  EXPECT_TRUE(
      run_error(R"({"ServiceRole":"arn:aws:iam::111111111111:role/EMR_DefaultRole"})")
          .starts_with("ValidationException: Invalid ServiceRole: arn:aws:iam::111111111111"));
}

TEST_F(RunJobFlow, WhatHasNoEffectIsAcceptedAndSaid) {
  const std::string id =
      run(R"({"EbsRootVolumeSize":20,"ScaleDownBehavior":"TERMINATE_AT_INSTANCE_HOUR",
    "Instances":{"Ec2KeyName":"k","InstanceGroups":[{"InstanceRole":"MASTER",
        "InstanceType":"m5.xlarge",
                 "InstanceCount":1,"Market":"SPOT","BidPrice":"0.1"}]}})");
  ASSERT_EQ(warnings(id).size(), 1u);
  for (const char* member :
       {"EbsRootVolumeSize", "ScaleDownBehavior", "Ec2KeyName", "Market SPOT"}) {
    EXPECT_NE(warnings(id)[0].find(member), std::string::npos) << member;
  }
  EXPECT_EQ(at(describe(id), "Cluster.EbsRootVolumeSize"), "20");
  EXPECT_TRUE(warnings(run()).empty());
}

TEST_F(RunJobFlow, WithoutApplicationsItIsHadoopAsOnEmr) {
  const std::string id = run(R"({"Applications":null})");
  EXPECT_EQ(at(describe(id), "Cluster.Applications.0.Name"), "Hadoop");
  EXPECT_TRUE(warnings(id).empty());
}

TEST_F(RunJobFlow, AnSdksRetryMakesNoSecondCluster) {
  context_.invocation_id = "6e7f";
  context_.body_sha256 = "ab";
  const std::string id = run();
  EXPECT_EQ(run(), id);
  context_.invocation_id = "6e80";
  EXPECT_NE(run(), id);
}

TEST_F(RunJobFlow, TheOlderMembersAskForOneNodeToo) {
  const std::string id = run(
      R"({"Instances":{"InstanceGroups":null,"MasterInstanceType":"m5.xlarge",
        "InstanceCount":1}})");
  EXPECT_EQ(at(must("ListInstanceGroups", fmt::format(R"({{"ClusterId":"{}"}})", id)),
               "InstanceGroups.0.InstanceType"),
            "m5.xlarge");
}

}  // namespace
}  // namespace howdah::services::emr
