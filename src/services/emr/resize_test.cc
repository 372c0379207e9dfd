// What ModifyInstanceGroups, AddInstanceGroups, ModifyInstanceFleet and AddInstanceFleet make of
// what is wanted.

#include "services/emr/resize.h"

#include <fmt/format.h>

#include "services/emr/test_world.h"

namespace howdah::services::emr {
namespace {

using cluster::InstanceState;

// MASTER 1, CORE 3, TASK 2.
constexpr char kGroups[] = R"({"Applications":[{"Name":"Spark"}],"Instances":{"InstanceGroups":[
  {"InstanceRole":"MASTER","InstanceType":"m5.xlarge","InstanceCount":1},
  {"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":3,
   "Configurations":[{"Classification":"yarn-site","Properties":{"a":"1","b":"2"}}]},
  {"InstanceRole":"TASK","InstanceType":"m5.xlarge","InstanceCount":2}]}})";

constexpr char kFleets[] = R"({"Instances":{"InstanceGroups":null,"InstanceFleets":[
  {"InstanceFleetType":"MASTER","TargetOnDemandCapacity":1,
   "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge"}]},
  {"InstanceFleetType":"CORE","TargetOnDemandCapacity":2,
   "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge","WeightedCapacity":2}]}]}})";

class Resize : public World {
 protected:
  /// A cluster whose instances all run; none of it settled by plan().
  std::string up(std::string_view request) {
    const std::string id = run(request);
    int number = 0;
    const cluster::Wanted wanted = this->wanted(id);
    const cluster::Cluster named{key(id), wanted, {}, {}};
    record(id, [&](cluster::Status& status) {
      status.state = cluster::State::kWaiting;
      for (const cluster::Group& group : wanted.groups) {
        for (int i = 0; i < group.count; ++i) {
          cluster::Node node;
          node.number = number++;
          node.instance_id = cluster::instance_id(named, node.number);
          node.group_id = group.id;
          node.instance_type = group.instance_type;
          node.state = InstanceState::kRunning;
          status.nodes.push_back(std::move(node));
        }
      }
    });
    return id;
  }

  cluster::Wanted wanted(const std::string& id) {
    return std::move(store_->cluster(key(id))).value().wanted;
  }
  cluster::Group group(const std::string& id, size_t index) { return wanted(id).groups[index]; }
  std::string instance(const std::string& id, int number) {
    return cluster::instance_id({key(id), {}, {}, {}}, number);
  }

  std::string request(const std::string& id, size_t index, std::string_view members) {
    return fmt::format(R"({{"ClusterId":"{}","InstanceGroups":[{{"InstanceGroupId":"{}",{}}}]}})",
                       id, group(id, index).id, members);
  }
  void modify(const std::string& id, size_t index, std::string_view members) {
    must("ModifyInstanceGroups", request(id, index, members));
  }
  std::string refused(const std::string& id, size_t index, std::string_view members) {
    return error_of("ModifyInstanceGroups", request(id, index, members));
  }
};

constexpr size_t kMaster = 0, kCore = 1, kTask = 2;

TEST_F(Resize, ACountIsWantedAndCountedAsOneMoreResize) {
  const std::string id = up(kGroups);
  modify(id, kCore, R"("InstanceCount":5)");
  EXPECT_EQ(group(id, kCore).count, 5);
  EXPECT_EQ(group(id, kCore).resize_serial, 1);
  modify(id, kCore, R"("InstanceCount":5)");
  EXPECT_EQ(group(id, kCore).resize_serial, 2) << "asked again: try again";
  modify(id, kTask, R"("InstanceCount":0)");
  EXPECT_EQ(group(id, kTask).count, 0);
  EXPECT_EQ(group(id, kCore).count, 5);
}

TEST_F(Resize, NamedInstancesLeaveFirstAndCountAsTheDecrease) {
  const std::string id = up(kGroups);
  modify(id, kCore,
         fmt::format(R"("EC2InstanceIdsToTerminate":["{}"],"ShrinkPolicy":{{
             "DecommissionTimeout":60}})",
                     instance(id, 1)));
  EXPECT_EQ(group(id, kCore).count, 2);
  EXPECT_EQ(group(id, kCore).leave_first, std::vector<std::string>{instance(id, 1)});
  EXPECT_EQ(group(id, kCore).decommission_seconds, 60);
  EXPECT_EQ(at(must("ListInstanceGroups", fmt::format(R"({{"ClusterId":"{}"}})", id)),
               "InstanceGroups.1.ShrinkPolicy"),
            R"({"DecommissionTimeout":60})");
  EXPECT_EQ(
      refused(id, kCore, fmt::format(R"("EC2InstanceIdsToTerminate":["{}"])", instance(id, 4))),
      fmt::format("ValidationException: Instance {} is not a running instance of instance "
                  "group {}.",
                  instance(id, 4), group(id, kCore).id));
  EXPECT_TRUE(refused(id, kTask,
                      fmt::format(R"("InstanceCount":0,"EC2InstanceIdsToTerminate":["{}"])",
                                  instance(id, 4)))
                  .starts_with("ValidationException: EC2InstanceIdsToTerminate names 1 instances"));
}

TEST_F(Resize, AResizePolicyNamesWhoLeavesAndWhoStays) {
  const std::string id = up(kGroups);
  const auto policy = [&](int count, std::string_view leave, std::string_view stay) {
    return fmt::format(R"("InstanceCount":{},"ShrinkPolicy":{{"DecommissionTimeout":60,
        "InstanceResizePolicy":{{"InstancesToTerminate":[{}],"InstancesToProtect":[{}],
        "InstanceTerminationTimeout":5}}}})",
                       count, leave, stay);
  };
  const auto quoted = [&](int number) { return '"' + instance(id, number) + '"'; };
  EXPECT_TRUE(refused(id, kCore, policy(1, "", quoted(1) + "," + quoted(2)))
                  .ends_with("cannot lose 2 instances: too many of them are protected."));
  EXPECT_TRUE(refused(id, kCore, policy(3, quoted(1), ""))
                  .starts_with("ValidationException: 1 instances are named to be terminated"));
  EXPECT_TRUE(refused(id, kCore, policy(2, quoted(1), quoted(1)))
                  .ends_with("cannot be both terminated and protected by one resize."));
  modify(id, kCore, policy(1, quoted(1), quoted(3)));
  const cluster::Group core = group(id, kCore);
  EXPECT_EQ(core.leave_first, (std::vector<std::string>{instance(id, 1), instance(id, 2)}));
  EXPECT_EQ(core.decommission_seconds, 5);
  modify(id, kCore, R"("InstanceCount":4)");
  EXPECT_EQ(group(id, kCore).decommission_seconds, 60) << "the policy of the group stays";
  EXPECT_TRUE(group(id, kCore).leave_first.empty());
}

TEST_F(Resize, HdfsKeepsAsManyCoreInstancesAsItHasCopies) {
  const std::string id = up(R"({"Configurations":[{"Classification":"hdfs-site",
      "Properties":{"dfs.replication":"2"}}],"Instances":{"InstanceGroups":null,
      "MasterInstanceType":"m5.xlarge","InstanceCount":4}})");
  EXPECT_TRUE(refused(id, kCore, R"("InstanceCount":1)")
                  .ends_with("cannot be resized to 1 instance: HDFS keeps 2 copies of each block "
                             "(dfs.replication), so at least 2 core instances are needed."));
  EXPECT_TRUE(refused(id, kCore, R"("InstanceCount":0)")
                  .starts_with("ValidationException: A core instance group must have at least one "
                               "instance"));
  modify(id, kCore, R"("InstanceCount":2)");
  EXPECT_EQ(group(id, kCore).count, 2);
}

TEST_F(Resize, WithoutAConfigurationTheCopiesFollowTheFirstCount) {
  const std::string id = up(R"({"Instances":{"InstanceGroups":null,
      "MasterInstanceType":"m5.xlarge","InstanceCount":5}})");
  record(id, [](cluster::Status& status) { status.replication = 2; });
  modify(id, kCore, R"("InstanceCount":2)");
  EXPECT_TRUE(refused(id, kCore, R"("InstanceCount":1)")
                  .starts_with("ValidationException: The core instance group "));
}

TEST_F(Resize, WhatMakesNoSenseIsRefusedAndNothingChanges) {
  const std::string id = up(kGroups);
  EXPECT_EQ(refused(id, kMaster, R"("InstanceCount":2)"),
            "ValidationException: A master instance group may not be modified.");
  EXPECT_EQ(refused(id, kTask, R"("InstanceCount":-1)"),
            "ValidationException: InstanceCount -1 is not valid: it must not be negative.");
  EXPECT_TRUE(refused(id, kTask, R"("InstanceCount":999)")
                  .starts_with("ValidationException: A cluster has at most 1000 instances; 1003"));
  EXPECT_TRUE(
      refused(id, kTask, R"("ReconfigurationType":"MERGE")")
          .starts_with("ValidationException: ReconfigurationType is given, but Configurations"));
  EXPECT_TRUE(error_of("ModifyInstanceGroups", fmt::format(R"({{"ClusterId":"{}","InstanceGroups":[
                           {{"InstanceGroupId":"{}","InstanceCount":9}},
                           {{"InstanceGroupId":"ig-NOPE","InstanceCount":1}}]}})",
                                                           id, group(id, kTask).id))
                  .starts_with("ValidationException: Instance group id 'ig-NOPE' is not valid."));
  EXPECT_EQ(group(id, kTask).count, 2) << "all or nothing";
  EXPECT_TRUE(error_of("ModifyInstanceGroups", R"({"ClusterId":"j-NOPE","InstanceGroups":[]})")
                  .starts_with("InvalidRequestException: Cluster id 'j-NOPE' is not valid."));
  const std::string starting = run(kGroups);
  EXPECT_EQ(refused(starting, kTask, R"("InstanceCount":1)"),
            "ValidationException: An instance group may only be modified when the cluster is "
            "running or waiting.");
  must("TerminateJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", id));
  EXPECT_TRUE(refused(id, kTask, R"("InstanceCount":1)")
                  .starts_with("ValidationException: A job flow that is shutting down"));
}

TEST_F(Resize, AGroupIsFoundWithoutItsCluster) {
  const std::string id = up(kGroups);
  run();
  must("ModifyInstanceGroups",
       fmt::format(R"({{"InstanceGroups":[{{"InstanceGroupId":"{}","InstanceCount":4}}]}})",
                   group(id, kTask).id));
  EXPECT_EQ(group(id, kTask).count, 4);
  EXPECT_EQ(error_of("ModifyInstanceGroups",
                     R"({"InstanceGroups":[{"InstanceGroupId":"ig-NOPE","InstanceCount":4}]})"),
            "ValidationException: Instance group id 'ig-NOPE' is not valid.");
}

TEST_F(Resize, ConfigurationsAreMergedOrReplacedAndGetAVersion) {
  const std::string id = up(kGroups);
  EXPECT_EQ(group(id, kCore).configurations_version, 1);
  modify(id, kCore, R"("ReconfigurationType":"MERGE","Configurations":[
      {"Classification":"yarn-site","Properties":{"b":"3"}},
      {"Classification":"hdfs-site","Properties":{"c":"4"}}])");
  EXPECT_EQ(group(id, kCore).configurations_version, 2);
  EXPECT_EQ(base::to_text(base::Json(group(id, kCore).configurations)),
            R"([{"Classification":"yarn-site","Properties":{"a":"1","b":"3"}},)"
            R"({"Classification":"hdfs-site","Properties":{"c":"4"}}])");
  modify(id, kCore, R"("Configurations":[{"Classification":"hdfs-site","Properties":{"d":"5"}}])");
  EXPECT_EQ(group(id, kCore).configurations_version, 3);
  EXPECT_EQ(group(id, kCore).configurations.size(), 1u);
  EXPECT_EQ(group(id, kCore).count, 3);
  EXPECT_TRUE(refused(id, kCore, R"("Configurations":[{"Classification":"nope-site"}])")
                  .starts_with("ValidationException: "));
  EXPECT_EQ(group(id, kCore).configurations_version, 3);
  modify(id, kMaster, R"("Configurations":[{"Classification":"yarn-site","Properties":{}}])");
  EXPECT_EQ(group(id, kMaster).configurations_version, 1) << "a primary is reconfigured too";
}

TEST_F(Resize, MergingDescendsIntoNestedConfigurations) {
  const auto parse = [](const char* text) {
    return std::move(base::parse_json(text)).value().get_array();
  };
  const base::JsonArray out =
      merged(parse(R"([{"Classification":"hadoop-env","Configurations":[{"Classification":"export",
               "Properties":{"A":"1"}}]}])"),
             parse(R"([{"Classification":"hadoop-env","Configurations":[{"Classification":"export",
               "Properties":{"B":"2"}}]}])"));
  EXPECT_EQ(base::to_text(base::Json(out)),
            R"([{"Classification":"hadoop-env","Configurations":[{"Classification":"export",)"
            R"("Properties":{"A":"1","B":"2"}}]}])");
}

TEST_F(Resize, GroupsAreAddedOnceWithTheirIds) {
  const std::string id = up(kGroups);
  context_.invocation_id = "11";
  context_.body_sha256 = "ab";
  const std::string body = fmt::format(
      R"({{"JobFlowId":"{}","InstanceGroups":[{{"Name":"more","InstanceRole":"TASK",
          "InstanceType":"c5.xlarge","InstanceCount":2,"Market":"SPOT"}}]}})",
      id);
  const base::JsonObject answer = must("AddInstanceGroups", body);
  EXPECT_EQ(at(answer, "JobFlowId"), id);
  EXPECT_EQ(at(answer, "ClusterArn"),
            "arn:aws:elasticmapreduce:us-east-1:000000000000:cluster/" + id);
  EXPECT_EQ(base::to_text(must("AddInstanceGroups", body)), base::to_text(answer))
      << "an SDK's retry adds no second group";
  ASSERT_EQ(wanted(id).groups.size(), 4u);
  EXPECT_EQ(group(id, 3).id, at(answer, "InstanceGroupIds.0"));
  EXPECT_EQ(group(id, 3).count, 2);
  ASSERT_EQ(warnings(id).size(), 1u);
  EXPECT_TRUE(warnings(id)[0].starts_with("Market SPOT is accepted without effect"));
}

TEST_F(Resize, OnlyGroupsThatFitAreAdded) {
  const std::string id = up(kGroups);
  const auto add = [&](const std::string& to, std::string_view role, int count = 1) {
    return error_of("AddInstanceGroups",
                    fmt::format(R"({{"JobFlowId":"{}","InstanceGroups":[{{"InstanceRole":"{}",
                        "InstanceType":"m5.xlarge","InstanceCount":{}}}]}})",
                                to, role, count));
  };
  EXPECT_TRUE(
      add(id, "MASTER").starts_with("ValidationException: Multiple master instance groups"));
  EXPECT_TRUE(add(id, "CORE").starts_with("ValidationException: Multiple core instance groups"));
  EXPECT_TRUE(add(id, "TASK", 0)
                  .starts_with("ValidationException: An instance group must have at least one"));
  EXPECT_TRUE(add("j-NOPE", "TASK").starts_with("ValidationException: Specified job flow ID"));
  EXPECT_TRUE(add(run(), "CORE").starts_with("ValidationException: Nodes cannot be added to a"));
  for (int i = 1; i < 48; ++i) EXPECT_TRUE(add(id, "TASK").starts_with("answered"));
  EXPECT_EQ(add(id, "TASK"),
            "ValidationException: A cluster has at most 48 task instance groups; 49 were "
            "supplied.");
  EXPECT_EQ(wanted(id).groups.size(), 50u);
}

TEST_F(Resize, FleetsAreResizedByTheirTargets) {
  const std::string id = up(kFleets);
  const std::string fleet = group(id, kCore).id;
  const auto modified = [&](std::string_view members) {
    return error_of(
        "ModifyInstanceFleet",
        fmt::format(R"({{"ClusterId":"{}","InstanceFleet":{{"InstanceFleetId":"{}",{}}}}})", id,
                    fleet, members));
  };
  EXPECT_EQ(modified(R"("TargetOnDemandCapacity":5)"),
            fmt::format("InvalidRequestException: The instance fleet ({}) should have both "
                        "targetOnDemandCapacity and targetSpotCapacity specified.",
                        fleet));
  EXPECT_EQ(modified(R"("TargetOnDemandCapacity":5,"TargetSpotCapacity":1)"), "answered {}");
  EXPECT_EQ(group(id, kCore).count, 4);
  const base::JsonObject fleets =
      must("ListInstanceFleets", fmt::format(R"({{"ClusterId":"{}"}})", id));
  EXPECT_EQ(at(fleets, "InstanceFleets.1.TargetOnDemandCapacity"), "5");
  EXPECT_EQ(at(fleets, "InstanceFleets.1.ProvisionedOnDemandCapacity"), "2");
  EXPECT_TRUE(
      modified(R"("TargetOnDemandCapacity":0,"TargetSpotCapacity":0)")
          .starts_with("InvalidRequestException: A core instance fleet must have at least"));
  EXPECT_TRUE(modified(R"("InstanceTypeConfigs":[{"InstanceType":"m5.2xlarge"}])")
                  .find("a fleet is of one type here while it has instances") != std::string::npos);
  EXPECT_TRUE(error_of("ModifyInstanceFleet", fmt::format(R"({{"ClusterId":"{}","InstanceFleet":{{
                           "InstanceFleetId":"{}","TargetOnDemandCapacity":1,
                           "TargetSpotCapacity":0}}}})",
                                                          id, group(id, kMaster).id))
                  .starts_with("InvalidRequestException: A master instance fleet may not"));
  EXPECT_TRUE(
      error_of("ModifyInstanceFleet", fmt::format(R"({{"ClusterId":"{}","InstanceFleet":{{
                           "InstanceFleetId":"if-NOPE"}}}})",
                                                  id))
          .starts_with("InvalidRequestException: Instance fleet id 'if-NOPE' is not valid."));
}

TEST_F(Resize, ATaskFleetIsAddedAndEmptied) {
  const std::string id = up(kFleets);
  const auto add = [&](std::string_view role) {
    return fmt::format(R"({{"ClusterId":"{}","InstanceFleet":{{"Name":"t","InstanceFleetType":"{}",
        "TargetSpotCapacity":3,"InstanceTypeConfigs":[{{"InstanceType":"m5.xlarge"}}]}}}})",
                       id, role);
  };
  const base::JsonObject answer = must("AddInstanceFleet", add("TASK"));
  EXPECT_EQ(at(answer, "ClusterId"), id);
  EXPECT_EQ(at(answer, "InstanceFleetId"), group(id, kTask).id);
  EXPECT_EQ(group(id, kTask).count, 3);
  EXPECT_TRUE(error_of("AddInstanceFleet", add("TASK"))
                  .starts_with("InvalidRequestException: Multiple task instance groups supplied"));
  must("ModifyInstanceFleet",
       fmt::format(R"({{"ClusterId":"{}","InstanceFleet":{{"InstanceFleetId":"{}",
           "TargetOnDemandCapacity":0,"TargetSpotCapacity":0}}}})",
                   id, group(id, kTask).id));
  EXPECT_EQ(group(id, kTask).count, 0);
  EXPECT_TRUE(
      error_of("AddInstanceGroups", fmt::format(R"({{"JobFlowId":"{}","InstanceGroups":[]}})", id))
          .starts_with("InvalidRequestException: Instance fleets and instance groups are"));
}

TEST_F(Resize, ScalingPoliciesOfGroupsAreRefusedAndRemovingNoneIsDone) {
  const std::string id = up(kGroups);
  const std::string names =
      fmt::format(R"("ClusterId":"{}","InstanceGroupId":"{}")", id, group(id, kTask).id);
  EXPECT_TRUE(
      error_of("PutAutoScalingPolicy", fmt::format(R"({{{},"AutoScalingPolicy":{{}}}})", names))
          .starts_with("ValidationException: Automatic scaling is refused"));
  must("RemoveAutoScalingPolicy", fmt::format("{{{}}}", names));
  EXPECT_EQ(error_of("RemoveAutoScalingPolicy",
                     fmt::format(R"({{"ClusterId":"{}","InstanceGroupId":"ig-NOPE"}})", id)),
            "InvalidRequestException: Instance group id 'ig-NOPE' is not valid.");
}

TEST_F(Resize, DescribeJobFlowsAnswersInTheOlderShape) {
  const std::string id = up(kGroups);
  add_step(id);
  clock_.advance(base::Millis(1));
  const std::string other = run(R"({"Name":"other"})");
  must("TerminateJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", other));
  record(other, [](cluster::Status& status) { status.state = cluster::State::kTerminating; });
  const base::JsonObject all = must("DescribeJobFlows", "{}");
  EXPECT_EQ(base::find_array(all, "JobFlows")->size(), 2u);
  EXPECT_EQ(at(all, "JobFlows.0.ExecutionStatusDetail.State"), "SHUTTING_DOWN");
  const base::JsonObject one =
      must("DescribeJobFlows", fmt::format(R"({{"JobFlowIds":["{}"]}})", id));
  const std::pair<const char*, const char*> kExpected[] = {
      {"ExecutionStatusDetail.State", "WAITING"},
      {"Instances.InstanceCount", "6"},
      {"Instances.MasterInstanceType", "m5.xlarge"},
      {"Instances.InstanceGroups.1.InstanceRole", "CORE"},
      {"Instances.InstanceGroups.1.InstanceRunningCount", "3"},
      {"Steps.0.StepConfig.HadoopJarStep.Jar", "command-runner.jar"},
      {"Steps.0.ExecutionStatusDetail.State", "PENDING"},
      {"JobFlowRole", "EMR_EC2_DefaultRole"}};
  for (const auto& [path, value] : kExpected)
    EXPECT_EQ(at(one, std::string("JobFlows.0.") + path), value) << path;
  EXPECT_EQ(
      base::find_array(must("DescribeJobFlows", R"({"JobFlowStates":["WAITING"]})"), "JobFlows")
          ->size(),
      1u);
  EXPECT_EQ(error_of("DescribeJobFlows", R"({"JobFlowIds":["j-NOPE"]})"),
            "ValidationException: Specified job flow ID does not exist.");
}

}  // namespace
}  // namespace howdah::services::emr
