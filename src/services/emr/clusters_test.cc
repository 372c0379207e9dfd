// What is read back of clusters, and how they are changed.

#include <fmt/format.h>

#include "services/emr/test_world.h"

namespace howdah::services::emr {
namespace {

class Clusters : public World {
 protected:
  std::string with_id(std::string_view operation, const std::string& id,
                      std::string_view rest = "") {
    return error_of(operation, fmt::format(R"({{"ClusterId":"{}"{}}})", id, rest));
  }
  std::string flows(std::string_view operation, const std::string& id, std::string_view rest = "") {
    return error_of(operation, fmt::format(R"({{"JobFlowIds":["{}"]{}}})", id, rest));
  }
};

TEST_F(Clusters, DescribeEchoesTheRequestInTheReadShape) {
  const std::string id =
      run(R"({"LogUri":"s3n://b/logs/","Tags":[{"Key":"k","Value":""}],"StepConcurrencyLevel":3,
    "Configurations":[{"Classification":"spark-defaults",
        "Properties":{"spark.executor.cores":"2"}}],
    "Instances":{"Ec2KeyName":"key","Ec2SubnetId":"subnet-1","TerminationProtected":true}})");
  const base::JsonObject cluster = *base::find_object(describe(id), "Cluster");
  const std::pair<const char*, const char*> kExpected[] = {
      {"Name", "test"},
      {"LogUri", "s3n://b/logs/"},
      {"ReleaseLabel", "emr-7.10.0"},
      {"AutoTerminate", "false"},
      {"TerminationProtected", "true"},
      {"VisibleToAllUsers", "true"},
      {"ServiceRole", "EMR_DefaultRole"},
      {"NormalizedInstanceHours", "0"},
      {"StepConcurrencyLevel", "3"},
      {"InstanceCollectionType", "INSTANCE_GROUP"},
      {"Tags", R"([{"Key":"k","Value":""}])"},
      {"Applications.0.Name", "Spark"},
      {"Applications.0.Version", "3.5.5"},
      {"Ec2InstanceAttributes.IamInstanceProfile", "EMR_EC2_DefaultRole"},
      {"Ec2InstanceAttributes.Ec2KeyName", "key"},
      {"Ec2InstanceAttributes.Ec2SubnetId", "subnet-1"},
      {"Ec2InstanceAttributes.RequestedEc2SubnetIds", R"(["subnet-1"])"},
      {"Ec2InstanceAttributes.Ec2AvailabilityZone", "us-east-1a"},
      {"ScaleDownBehavior", "TERMINATE_AT_TASK_COMPLETION"},
      {"Configurations.0.Properties.spark.executor.cores", ""},
      {"Configurations.0.Classification", "spark-defaults"},
      {"Status.State", "STARTING"},
      {"Status.Timeline", R"({"CreationDateTime":1767225600000})"},
      {"MasterPublicDnsName", ""}};
  for (const auto& [path, value] : kExpected) EXPECT_EQ(at(cluster, path), value) << path;
  EXPECT_EQ(at(describe(run()), "Cluster.Tags"), "[]") << "absent lists are empty, not missing";
}

TEST_F(Clusters, UnknownIdsAreNotValid) {
  for (const char* operation :
       {"DescribeCluster", "ListSteps", "ListInstances", "ListInstanceGroups", "ListInstanceFleets",
        "ListBootstrapActions", "ModifyCluster", "GetAutoTerminationPolicy",
        "RemoveAutoTerminationPolicy", "GetManagedScalingPolicy"}) {
    EXPECT_EQ(with_id(operation, "j-NOPE"),
              "InvalidRequestException: Cluster id 'j-NOPE' is not valid.")
        << operation;
  }
  EXPECT_EQ(call("DescribeCluster", R"({"ClusterId":"j-NOPE"})").error().details[0].second,
            "NoSuchCluster");
  EXPECT_EQ(with_id("CancelSteps", "j-NOPE", R"(,"StepIds":["s-1"])"),
            "InvalidRequestException: Cluster id 'j-NOPE' is not valid.");
  EXPECT_EQ(error_of("AddTags", R"({"ResourceId":"j-NOPE","Tags":[]})"),
            "InvalidRequestException: Cluster id 'j-NOPE' is not valid.");
  EXPECT_EQ(flows("TerminateJobFlows", "j-NOPE"),
            "ValidationException: Specified job flow ID does not exist.");
  EXPECT_EQ(flows("TerminateJobFlows", "nope"),
            "ValidationException: Specified job flow ID not valid.");
  context_.region = "eu-west-1";
  const std::string elsewhere = run();
  context_.region = "us-east-1";
  EXPECT_EQ(with_id("DescribeCluster", elsewhere),
            fmt::format("InvalidRequestException: Cluster id '{}' is not valid.", elsewhere));
}

TEST_F(Clusters, TimelineAndHoursFollowTheLife) {
  const std::string id = run();
  clock_.advance(std::chrono::seconds(5));
  settle(id);
  EXPECT_EQ(state(id), "WAITING");
  EXPECT_EQ(reason(id), "Cluster ready to run steps.");
  EXPECT_EQ(at(describe(id), "Cluster.Status.Timeline.ReadyDateTime"), "1767225605000");
  EXPECT_EQ(at(describe(id), "Cluster.NormalizedInstanceHours"), "8");
  EXPECT_NE(at(describe(id), "Cluster.MasterPublicDnsName"), "");
  clock_.advance(std::chrono::minutes(61));
  EXPECT_EQ(at(describe(id), "Cluster.NormalizedInstanceHours"), "16") << "begun hours count whole";
}

TEST_F(Clusters, TerminationIsAskedForOnceAndProtectionHolds) {
  const std::string id = run(R"({"Instances":{"TerminationProtected":true}})");
  settle(id);
  EXPECT_EQ(flows("TerminateJobFlows", id),
            "ValidationException: Could not shut down one or more job flows since they are "
            "termination protected.");
  EXPECT_EQ(state(id), "WAITING");
  must("SetTerminationProtection",
       fmt::format(R"({{"JobFlowIds":["{}"],"TerminationProtected":false}})", id));
  must("TerminateJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", id));
  settle(id);
  EXPECT_EQ(state(id), "TERMINATED");
  EXPECT_EQ(at(describe(id), "Cluster.Status.StateChangeReason"),
            R"({"Code":"USER_REQUEST","Message":"Terminated by user request"})");
  must("TerminateJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", id));
}

TEST_F(Clusters, EndedOnesMayNotBeModified) {
  const std::string id = run();
  must("TerminateJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", id));
  const std::string refused =
      "ValidationException: A job flow that is shutting down, terminated, or finished may not be "
      "modified.";
  for (const bool settled : {false, true}) {
    if (settled) settle(id);
    EXPECT_EQ(flows("SetTerminationProtection", id, R"(,"TerminationProtected":true)"), refused);
    EXPECT_EQ(flows("SetKeepJobFlowAliveWhenNoSteps", id, R"(,"KeepJobFlowAliveWhenNoSteps":true)"),
              refused);
    EXPECT_EQ(with_id("ModifyCluster", id, R"(,"StepConcurrencyLevel":2)"), refused);
    EXPECT_EQ(
        with_id("PutAutoTerminationPolicy", id, R"(,"AutoTerminationPolicy":{"IdleTimeout":60})"),
        refused);
    EXPECT_EQ(
        error_of(
            "AddJobFlowSteps",
            fmt::format(
                R"({{"JobFlowId":"{}","Steps":[{{"Name":"s","HadoopJarStep":{{"Jar":"j"}}}}]}})",
                id)),
        refused);
  }
  EXPECT_EQ(error_of("AddTags", fmt::format(R"({{"ResourceId":"{}","Tags":[{{"Key":"a"}}]}})", id)),
            "InvalidRequestException: Tags cannot be modified on terminated clusters.");
}

TEST_F(Clusters, FlagsAreChangedAndEchoed) {
  const std::string id = run(R"({"Instances":{"KeepJobFlowAliveWhenNoSteps":false}})");
  const std::string ids = fmt::format(R"("JobFlowIds":["{}"])", id);
  EXPECT_EQ(at(describe(id), "Cluster.AutoTerminate"), "true");
  must("SetKeepJobFlowAliveWhenNoSteps",
       fmt::format(R"({{{},"KeepJobFlowAliveWhenNoSteps":true}})", ids));
  must("SetVisibleToAllUsers", fmt::format(R"({{{},"VisibleToAllUsers":false}})", ids));
  must("SetUnhealthyNodeReplacement",
       fmt::format(R"({{{},"UnhealthyNodeReplacement":true}})", ids));
  EXPECT_EQ(at(must("ModifyCluster",
                    fmt::format(R"({{"ClusterId":"{}","StepConcurrencyLevel":256}})", id)),
               "StepConcurrencyLevel"),
            "256");
  const base::JsonObject now = describe(id);
  EXPECT_EQ(at(now, "Cluster.AutoTerminate"), "false");
  EXPECT_EQ(at(now, "Cluster.VisibleToAllUsers"), "false");
  EXPECT_EQ(at(now, "Cluster.UnhealthyNodeReplacement"), "true");
  EXPECT_EQ(at(now, "Cluster.StepConcurrencyLevel"), "256");
  EXPECT_EQ(warnings(id).size(), 1u);
  EXPECT_TRUE(with_id("ModifyCluster", id, R"(,"StepConcurrencyLevel":0)")
                  .starts_with("InvalidRequestException: "));
}

TEST_F(Clusters, AreListedNewestFirstInPagesOfFifty) {
  std::vector<std::string> made;
  for (int i = 0; i < 60; ++i) {
    made.push_back(run());
    clock_.advance(base::Millis(1));
  }
  const base::JsonObject first = must("ListClusters", "{}");
  EXPECT_EQ(base::find_array(first, "Clusters")->size(), 50u);
  EXPECT_EQ(at(first, "Clusters.0.Id"), made.back());
  const base::JsonObject second =
      must("ListClusters", fmt::format(R"({{"Marker":"{}"}})", at(first, "Marker")));
  EXPECT_EQ(base::find_array(second, "Clusters")->size(), 10u);
  EXPECT_EQ(at(second, "Marker"), "");
  EXPECT_EQ(error_of("ListClusters", R"({"Marker":"zz"})"),
            "InvalidRequestException: Invalid marker.");
  EXPECT_EQ(at(must("ListClusters", R"({"ClusterStates":["WAITING"]})"), "Clusters"), "[]");
  EXPECT_EQ(base::find_array(must("ListClusters", R"({"CreatedAfter":1767225600055})"), "Clusters")
                ->size(),
            5u);
}

TEST_F(Clusters, TagsAreAddedReplacedAndRemoved) {
  const std::string id = run(R"({"Tags":[{"Key":"a","Value":"1"}]})");
  must(
      "AddTags",
      fmt::format(R"({{"ResourceId":"{}","Tags":[{{"Key":"a","Value":"2"}},{{"Key":"b"}}]}})", id));
  EXPECT_EQ(at(describe(id), "Cluster.Tags"),
            R"([{"Key":"a","Value":"2"},{"Key":"b","Value":""}])");
  must("RemoveTags", fmt::format(R"({{"ResourceId":"{}","TagKeys":["a","zzz"]}})", id));
  EXPECT_EQ(at(describe(id), "Cluster.Tags"), R"([{"Key":"b","Value":""}])");
  const std::string longer(129, 'k');
  EXPECT_TRUE(error_of("AddTags",
                       fmt::format(R"({{"ResourceId":"{}","Tags":[{{"Key":"{}"}}]}})", id, longer))
                  .starts_with("InvalidRequestException: Invalid tag key: 'kkk"));
}

TEST_F(Clusters, AutoTerminationPolicyIsKeptAndActs) {
  const std::string id = run();
  const std::string body = fmt::format(R"({{"ClusterId":"{}"}})", id);
  EXPECT_EQ(base::to_text(must("GetAutoTerminationPolicy", body)), "{}");
  must("PutAutoTerminationPolicy",
       fmt::format(R"({{"ClusterId":"{}","AutoTerminationPolicy":{{"IdleTimeout":60}}}})", id));
  EXPECT_EQ(at(must("GetAutoTerminationPolicy", body), "AutoTerminationPolicy.IdleTimeout"), "60");
  settle(id);
  EXPECT_EQ(state(id), "WAITING");
  world_.idle = base::Millis(60000);
  settle(id);
  EXPECT_EQ(state(id), "TERMINATED");

  const std::string other = run(R"({"AutoTerminationPolicy":{}})");
  const std::string other_body = fmt::format(R"({{"ClusterId":"{}"}})", other);
  EXPECT_EQ(at(must("GetAutoTerminationPolicy", other_body), "AutoTerminationPolicy.IdleTimeout"),
            "3600");
  must("RemoveAutoTerminationPolicy", other_body);
  EXPECT_EQ(base::to_text(must("GetAutoTerminationPolicy", other_body)), "{}");
}

TEST_F(Clusters, ScalingAndSecurityAreRefusedUntilTheyAct) {
  const std::string id = run();
  EXPECT_EQ(
      base::to_text(must("GetManagedScalingPolicy", fmt::format(R"({{"ClusterId":"{}"}})", id))),
      "{}");
  EXPECT_TRUE(with_id("PutManagedScalingPolicy", id, R"(,"ManagedScalingPolicy":{})")
                  .starts_with("ValidationException: Managed scaling is refused"));
  EXPECT_TRUE(
      error_of("CreateSecurityConfiguration", R"({"Name":"n","SecurityConfiguration":"{}"})")
          .starts_with("InvalidRequestException: Security configurations are refused"));
  EXPECT_EQ(at(must("ListSecurityConfigurations", "{}"), "SecurityConfigurations"), "[]");
}

TEST_F(Clusters, InstancesAndGroupsFollowTheCluster) {
  const std::string id =
      run(R"({"Instances":{"InstanceGroups":[{"Name":"Main","InstanceRole":"MASTER",
      "InstanceType":"m5.xlarge","InstanceCount":1,
        "EbsConfiguration":{"EbsBlockDeviceConfigs":[{"VolumesPerInstance":2,
      "VolumeSpecification":{"VolumeType":"gp3","SizeInGB":32}}]}}]}})");
  const std::string body = fmt::format(R"({{"ClusterId":"{}"}})", id);
  EXPECT_EQ(at(must("ListInstanceGroups", body), "InstanceGroups.0.Status.State"), "PROVISIONING");
  settle(id);
  const base::JsonObject groups = must("ListInstanceGroups", body);
  EXPECT_EQ(at(groups, "InstanceGroups.0.Status.State"), "RUNNING");
  EXPECT_EQ(at(groups, "InstanceGroups.0.Name"), "Main");
  EXPECT_EQ(at(groups, "InstanceGroups.0.RunningInstanceCount"), "1");
  EXPECT_EQ(at(groups, "InstanceGroups.0.EbsBlockDevices.1.Device"), "/dev/sdd");
  EXPECT_TRUE(at(groups, "InstanceGroups.0.Id").starts_with("ig-"));
  const base::JsonObject instances = must("ListInstances", body);
  EXPECT_EQ(at(instances, "Instances.0.InstanceGroupId"), at(groups, "InstanceGroups.0.Id"));
  EXPECT_TRUE(at(instances, "Instances.0.Ec2InstanceId").starts_with("i-"));
  EXPECT_EQ(at(must("ListInstances",
                    fmt::format(R"({{"ClusterId":"{}","InstanceStates":["TERMINATED"]}})", id)),
               "Instances"),
            "[]");
  EXPECT_EQ(at(must("ListInstances",
                    fmt::format(R"({{"ClusterId":"{}","InstanceGroupTypes":["CORE"]}})", id)),
               "Instances"),
            "[]");
  EXPECT_TRUE(with_id("ListInstanceFleets", id)
                  .starts_with("InvalidRequestException: Instance fleets and instance groups are "
                               "mutually exclusive."));
  must("TerminateJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", id));
  settle(id);
  EXPECT_EQ(at(must("ListInstances", body), "Instances.0.Status.State"), "TERMINATED");
  EXPECT_EQ(at(must("ListInstanceGroups", body), "InstanceGroups.0.RunningInstanceCount"), "0");
}

TEST_F(Clusters, ReleasesAreListedFilteredAndPaged) {
  const base::JsonObject all = must("ListReleaseLabels", "{}");
  EXPECT_GT(base::find_array(all, "ReleaseLabels")->size(), 20u);
  EXPECT_EQ(at(all, "NextToken"), "");
  const base::JsonObject first =
      must("ListReleaseLabels", R"({"MaxResults":2,"Filters":{"Prefix":"emr-7.1"}})");
  EXPECT_EQ(base::find_array(first, "ReleaseLabels")->size(), 2u);
  const base::JsonObject next =
      must("ListReleaseLabels",
           fmt::format(R"({{"MaxResults":2,"Filters":{{"Prefix":"emr-7.1"}},"NextToken":"{}"}})",
                       at(first, "NextToken")));
  EXPECT_NE(at(next, "ReleaseLabels.0"), at(first, "ReleaseLabels.0"));
  EXPECT_EQ(
      at(must("ListReleaseLabels", R"({"Filters":{"Application":"nothing@1"}})"), "ReleaseLabels"),
      "[]");
  EXPECT_EQ(error_of("ListReleaseLabels", R"({"NextToken":"x"})"),
            "InvalidRequestException: Invalid marker.");
  EXPECT_NE(at(must("DescribeReleaseLabel", R"({"ReleaseLabel":"emr-7.10.0"})"), "Applications")
                .find("Spark"),
            std::string::npos);
  EXPECT_TRUE(error_of("DescribeReleaseLabel", R"({"ReleaseLabel":"emr-0"})")
                  .starts_with("InvalidRequestException: The supplied"));
  EXPECT_NE(at(must("ListSupportedInstanceTypes", R"({"ReleaseLabel":"emr-7.10.0"})"),
               "SupportedInstanceTypes")
                .find("m5.xlarge"),
            std::string::npos);
}

}  // namespace
}  // namespace howdah::services::emr
