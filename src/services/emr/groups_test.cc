// Instance groups and fleets: what is asked for, what is read back of what control recorded.

#include <fmt/format.h>

#include "services/emr/test_world.h"

namespace howdah::services::emr {
namespace {

using cluster::GroupState;
using cluster::InstanceState;

constexpr char kThreeGroups[] = R"({"Instances":{"InstanceGroups":[
  {"InstanceRole":"TASK","InstanceType":"c5.xlarge","InstanceCount":1,"Market":"SPOT",
   "BidPrice":"0.25"},
  {"InstanceRole":"MASTER","InstanceType":"m5.xlarge","InstanceCount":1},
  {"Name":"Core - 2","InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":2,
   "Configurations":[{"Classification":"hdfs-site","Properties":{"dfs.replication":"2"}}],
   "EbsConfiguration":{"EbsOptimized":true,"EbsBlockDeviceConfigs":[{"VolumesPerInstance":2,
     "VolumeSpecification":{"VolumeType":"gp3","SizeInGB":64,"Throughput":250}}]}}]}})";

constexpr char kTwoFleets[] = R"({"Instances":{"InstanceGroups":null,"InstanceFleets":[
  {"InstanceFleetType":"MASTER","TargetOnDemandCapacity":1,
   "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge"}]},
  {"Name":"workers","InstanceFleetType":"CORE","TargetOnDemandCapacity":4,"TargetSpotCapacity":3,
   "InstanceTypeConfigs":[{"InstanceType":"m5.4xlarge","WeightedCapacity":2},
                          {"InstanceType":"m5.xlarge","WeightedCapacity":2,"BidPrice":"0.1"}],
   "LaunchSpecifications":{"SpotSpecification":{"TimeoutDurationMinutes":5,
     "TimeoutAction":"SWITCH_TO_ON_DEMAND"}}}]}})";

class Groups : public World {
 protected:
  std::string body(const std::string& id, std::string_view rest = "") {
    return fmt::format(R"({{"ClusterId":"{}"{}}})", id, rest);
  }
  base::JsonObject groups(const std::string& id) { return must("ListInstanceGroups", body(id)); }
  size_t listed(const std::string& id, std::string_view filter = "") {
    return base::find_array(must("ListInstances", body(id, filter)), "Instances")->size();
  }

  /// All that is wanted runs, and has since now.
  void all_run(const std::string& id) {
    const auto row = std::move(store_->cluster(key(id))).value();
    const base::Time now = clock_.now();
    record(id, [&](cluster::Status& status) {
      status.state = cluster::State::kWaiting;
      status.network = "10.64.4.0/22";
      status.nodes.clear();
      status.groups.clear();
      for (const cluster::Group& group : row.wanted.groups) {
        status.groups.push_back({group.id,
                                 GroupState::kRunning,
                                 {},
                                 {now, now, {}},
                                 group.configurations_version,
                                 group.configurations});
        for (int i = 0; i < group.count; ++i) status.nodes.push_back(node(row, group, status));
      }
      status.next_number = static_cast<int>(status.nodes.size());
    });
  }

  cluster::Node node(const store::ClusterRow& row, const cluster::Group& group,
                     const cluster::Status& status) {
    cluster::Node out;
    out.number = static_cast<int>(status.nodes.size());
    out.instance_id = cluster::instance_id(row.as_cluster(), out.number);
    out.group_id = group.id;
    out.instance_type = group.instance_type;
    out.address = *cluster::address_in(status.network, out.number);
    out.public_address = out.address;
    out.state = InstanceState::kRunning;
    out.timeline = {clock_.now(), clock_.now(), {}};
    return out;
  }
};

TEST_F(Groups, AreWantedAsTheyWereAskedForThePrimaryFirst) {
  const std::string id = run(kThreeGroups);
  const cluster::Wanted wanted = std::move(store_->cluster(key(id))).value().wanted;
  ASSERT_EQ(wanted.groups.size(), 3u);
  EXPECT_EQ(wanted.groups[0].role, cluster::Role::kMaster);
  const cluster::Group& core = wanted.groups[2];
  EXPECT_EQ(core.role, cluster::Role::kCore);
  EXPECT_EQ(core.name, "Core - 2");
  EXPECT_EQ(core.count, 2);
  EXPECT_EQ(core.volumes_gib, (std::vector<uint64_t>{64, 64}));
  EXPECT_EQ(core.configurations_version, 1);
  EXPECT_EQ(wanted.groups[1].configurations_version, 0);
  for (const cluster::Group& group : wanted.groups) EXPECT_EQ(group.id.size(), 16u);
  EXPECT_TRUE(wanted.configurations.empty()) << "a core group's configurations are its own";
}

TEST_F(Groups, TheOlderMembersStandForAPrimaryAndCoreNodes) {
  const std::string id =
      run(R"({"Instances":{"InstanceGroups":null,"MasterInstanceType":"m5.2xlarge",
              "InstanceCount":3}})");
  const base::JsonObject answer = groups(id);
  EXPECT_EQ(at(answer, "InstanceGroups.0.InstanceGroupType"), "MASTER");
  EXPECT_EQ(at(answer, "InstanceGroups.1.InstanceGroupType"), "CORE");
  EXPECT_EQ(at(answer, "InstanceGroups.1.RequestedInstanceCount"), "2");
  EXPECT_EQ(at(answer, "InstanceGroups.1.InstanceType"), "m5.2xlarge");
}

TEST_F(Groups, ReadInTheirOwnShape) {
  const std::string id = run(kThreeGroups);
  EXPECT_EQ(at(groups(id), "InstanceGroups.2.Status.State"), "PROVISIONING");
  EXPECT_EQ(at(groups(id), "InstanceGroups.2.LastSuccessfullyAppliedConfigurationsVersion"), "0");
  all_run(id);
  const base::JsonObject core = base::find_array(groups(id), "InstanceGroups")->at(2).get_object();
  const std::pair<const char*, const char*> kExpected[] = {
      {"Name", "Core - 2"},
      {"Market", "ON_DEMAND"},
      {"InstanceGroupType", "CORE"},
      {"RequestedInstanceCount", "2"},
      {"RunningInstanceCount", "2"},
      {"Status.State", "RUNNING"},
      {"Status.Timeline.ReadyDateTime", "1767225600000"},
      {"Configurations.0.Classification", "hdfs-site"},
      {"ConfigurationsVersion", "1"},
      {"LastSuccessfullyAppliedConfigurations.0.Classification", "hdfs-site"},
      {"LastSuccessfullyAppliedConfigurationsVersion", "1"},
      {"EbsBlockDevices.1.Device", "/dev/sdd"},
      {"EbsBlockDevices.1.VolumeSpecification.SizeInGB", "64"},
      {"EbsOptimized", "true"},
      {"ShrinkPolicy", "{}"}};
  for (const auto& [path, value] : kExpected) EXPECT_EQ(at(core, path), value) << path;
  EXPECT_EQ(at(groups(id), "InstanceGroups.1.Market"), "SPOT");
  EXPECT_EQ(at(groups(id), "InstanceGroups.1.BidPrice"), "0.25");
}

TEST_F(Groups, InstancesAreListedByGroupRoleAndState) {
  const std::string id = run(kThreeGroups);
  EXPECT_EQ(listed(id), 0u);
  all_run(id);
  record(id, [&](cluster::Status& status) {
    status.nodes[3].state = InstanceState::kTerminated;
    status.nodes[3].reason = {"INSTANCE_FAILURE", "The node ended by itself."};
    status.nodes[3].timeline.ended = clock_.now();
  });
  const std::string core = at(groups(id), "InstanceGroups.2.Id");
  EXPECT_EQ(listed(id), 4u);
  EXPECT_EQ(listed(id, R"(,"InstanceGroupTypes":["CORE","TASK"])"), 3u);
  EXPECT_EQ(listed(id, fmt::format(R"(,"InstanceGroupId":"{}")", core)), 2u);
  EXPECT_EQ(listed(id, R"(,"InstanceStates":["RUNNING","BOOTSTRAPPING"])"), 3u);
  const base::JsonObject lost =
      must("ListInstances", body(id, R"(,"InstanceStates":["TERMINATED"])"));
  EXPECT_EQ(at(lost, "Instances.0.Status.StateChangeReason.Code"), "INSTANCE_FAILURE");
  const base::JsonObject all = must("ListInstances", body(id));
  EXPECT_EQ(at(all, "Instances.2.PrivateIpAddress"), "10.64.4.12");
  EXPECT_EQ(at(all, "Instances.2.PrivateDnsName"), "ip-10-64-4-12.ec2.internal");
  EXPECT_EQ(at(all, "Instances.2.InstanceGroupId"), core);
  EXPECT_TRUE(at(all, "Instances.2.EbsVolumes.1.VolumeId").starts_with("vol-0"));
  EXPECT_EQ(at(all, "Instances.2.EbsVolumes.1.Device"), "/dev/sdd");
  EXPECT_EQ(at(describe(id), "Cluster.MasterPublicDnsName"), "10.64.4.10");
  clock_.advance(std::chrono::hours(24 * 31));
  EXPECT_EQ(listed(id), 3u) << "an instance that ended is listed for 30 days";
  EXPECT_EQ(error_of("ListInstances", body(id, R"(,"InstanceGroupId":"ig-NOPE")")),
            "InvalidRequestException: Instance group id 'ig-NOPE' is not valid.");
}

TEST_F(Groups, ManyInstancesAreListedInPages) {
  const std::string id = run(
      R"({"Instances":{"InstanceGroups":null,"MasterInstanceType":"m5.xlarge",
          "InstanceCount":701}})");
  all_run(id);
  const base::JsonObject first = must("ListInstances", body(id));
  EXPECT_EQ(base::find_array(first, "Instances")->size(), 500u);
  const base::JsonObject second =
      must("ListInstances", body(id, fmt::format(R"(,"Marker":"{}")", at(first, "Marker"))));
  EXPECT_EQ(base::find_array(second, "Instances")->size(), 201u);
  EXPECT_EQ(at(second, "Marker"), "");
  EXPECT_EQ(error_of("ListInstances", body(id, R"(,"Marker":"zz")")),
            "InvalidRequestException: Invalid marker.");
}

TEST_F(Groups, EveryInstanceCountsItsOwnHours) {
  const std::string id = run(kThreeGroups);
  all_run(id);
  EXPECT_EQ(at(describe(id), "Cluster.NormalizedInstanceHours"), "32");
  clock_.advance(std::chrono::minutes(30));
  record(id, [&](cluster::Status& status) {
    status.nodes[1].state = InstanceState::kTerminated;
    status.nodes[1].timeline.ended = clock_.now();
  });
  clock_.advance(std::chrono::minutes(31));
  EXPECT_EQ(at(describe(id), "Cluster.NormalizedInstanceHours"), "56");
}

TEST_F(Groups, AClusterThatWasKeptBeforeThereWereGroupsStillAnswers) {
  const cluster::Wanted kept = cluster::wanted_from({{"name", "old"},
                                                     {"release_label", "emr-7.10.0"},
                                                     {"instance_type", "m5.xlarge"},
                                                     {"group_id", "ig-OLD"},
                                                     {"keep_alive", true}});
  const std::string id = "j-OLDER";
  ASSERT_TRUE(store_->create_cluster(key(id), kept, request("{}"), {}, {}, {}).ok());
  EXPECT_EQ(at(groups(id), "InstanceGroups.0.Id"), "ig-OLD");
  EXPECT_EQ(listed(id), 0u);
  settle(id);
  EXPECT_EQ(at(groups(id), "InstanceGroups.0.RunningInstanceCount"), "1");
  EXPECT_EQ(at(groups(id), "InstanceGroups.0.InstanceType"), "m5.xlarge");
  EXPECT_EQ(listed(id), 1u);
  EXPECT_EQ(at(describe(id), "Cluster.InstanceCollectionType"), "INSTANCE_GROUP");
  EXPECT_NE(at(describe(id), "Cluster.MasterPublicDnsName"), "");
}

TEST_F(Groups, FleetsBecomeInstancesOfTheCheapestTypeAUnit) {
  const std::string id = run(kTwoFleets);
  const cluster::Wanted wanted = std::move(store_->cluster(key(id))).value().wanted;
  ASSERT_EQ(wanted.groups.size(), 2u);
  EXPECT_TRUE(wanted.groups[1].fleet);
  EXPECT_TRUE(wanted.groups[1].id.starts_with("if-"));
  EXPECT_EQ(wanted.groups[1].instance_type, "m5.xlarge");
  EXPECT_EQ(wanted.groups[1].count, 4) << "two on demand and two, one unit too many, of spot";
  EXPECT_EQ(at(describe(id), "Cluster.InstanceCollectionType"), "INSTANCE_FLEET");
  all_run(id);
  const base::JsonObject fleets = must("ListInstanceFleets", body(id));
  const std::pair<const char*, const char*> kExpected[] = {
      {"Name", "workers"},
      {"InstanceFleetType", "CORE"},
      {"Status.State", "RUNNING"},
      {"TargetOnDemandCapacity", "4"},
      {"TargetSpotCapacity", "3"},
      {"ProvisionedOnDemandCapacity", "4"},
      {"ProvisionedSpotCapacity", "4"},
      {"InstanceTypeSpecifications.0.WeightedCapacity", "2"},
      {"InstanceTypeSpecifications.0.BidPriceAsPercentageOfOnDemandPrice", "1E2"},
      {"InstanceTypeSpecifications.1.BidPrice", "0.1"},
      {"LaunchSpecifications.SpotSpecification.TimeoutAction", "SWITCH_TO_ON_DEMAND"}};
  for (const auto& [path, value] : kExpected)
    EXPECT_EQ(at(fleets, std::string("InstanceFleets.1.") + path), value) << path;
  const base::JsonObject instances =
      must("ListInstances", body(id, R"(,"InstanceFleetType":"CORE")"));
  EXPECT_EQ(at(instances, "Instances.1.Market"), "ON_DEMAND");
  EXPECT_EQ(at(instances, "Instances.2.Market"), "SPOT");
  EXPECT_EQ(at(instances, "Instances.2.InstanceFleetId"), wanted.groups[1].id);
  const auto refused = call("ListInstanceGroups", body(id));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().details[0].second, "API_DOES_NOT_SUPPORT_INSTANCE_FLEET_CLUSTERS");
}

struct Refusal {
  const char* instances;
  const char* error;
};

constexpr char kMaster[] =
    R"({"InstanceRole":"MASTER","InstanceType":"m5.xlarge","InstanceCount":1},)";

constexpr Refusal kRefusedGroups[] = {
    {R"({"InstanceRole":"TASK","InstanceType":"m5.xlarge","InstanceCount":1})",
     "Clusters with task nodes must also define core nodes."},
    {R"({"InstanceRole":"MASTER","InstanceType":"m5.xlarge","InstanceCount":1})",
     "Multiple master instance groups supplied, you must specify exactly one master"},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":0})",
     "An instance group must have at least one instance"},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"BidPrice":"1"})",
     "Attempted to set bid price for on demand instance group."},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"Market":"SPOT",
         "BidPrice":"much"})",
     "The bid price supplied for an instance group is invalid"},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"Market":"SPOT",
         "BidPrice":"-1"})",
     "The bid price is negative or zero."},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"Market":"SPOT",
         "BidPrice":"0.1234"})",
     "No more than 3 digits are allowed after decimal place in bid price"},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,
         "CustomAmiId":"ami-1"})",
     "CustomAmiId is refused"},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"AutoScalingPolicy":
         {"Constraints":{"MinCapacity":1,"MaxCapacity":2},"Rules":[]}})",
     "AutoScalingPolicy is refused"},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,
         "Configurations":[{"Classification":"nope"}]})",
     ""},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"EbsConfiguration":
         {"EbsBlockDeviceConfigs":[{"VolumeSpecification":{"VolumeType":"gp9","SizeInGB":1}}]}})",
     "The volume type 'gp9' is not valid. Volume types supported are gp3, gp2, io1, st1, sc1 and "
     "standard."},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"EbsConfiguration":
         {"EbsBlockDeviceConfigs":[{"VolumeSpecification":
          {"VolumeType":"gp2","SizeInGB":1025}}]}})",
     "The volume size 1025 is not valid: it must be from 1 to 1024 GiB."},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"EbsConfiguration":
         {"EbsBlockDeviceConfigs":[{"VolumeSpecification":{"VolumeType":"io1","SizeInGB":10}}]}})",
     "IOPS setting is required for volume type."},
    {R"({"InstanceRole":"CORE","InstanceType":"m5.xlarge","InstanceCount":1,"EbsConfiguration":
         {"EbsBlockDeviceConfigs":[{"VolumesPerInstance":26,
          "VolumeSpecification":{"VolumeType":"gp2","SizeInGB":10}}]}})",
     "The number of EBS volumes of an instance exceeds the maximum of 25."},
};

constexpr Refusal kRefusedFleets[] = {
    {R"({"InstanceFleetType":"CORE","TargetOnDemandCapacity":1,
         "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge"}]})",
     "No master instance fleets were supplied; you must specify exactly one master instance "
     "fleet."},
    {R"({"InstanceFleetType":"MASTER","TargetOnDemandCapacity":1})",
     "The instance fleet (null) should have at least one instance type configuration."},
    {R"({"InstanceFleetType":"MASTER","TargetOnDemandCapacity":1,"TargetSpotCapacity":1,
         "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge"}]})",
     "A master instance fleet can only have a target capacity of 1."},
    {R"({"InstanceFleetType":"MASTER","TargetOnDemandCapacity":1,
         "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge","WeightedCapacity":2}]})",
     "All instance types in the master instance fleet must have weighted capacity as 1."},
    {R"({"Name":"w","InstanceFleetType":"CORE",
         "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge"}]})",
     "The instance fleet (w) should have a value of one or greater for either"},
    {R"({"InstanceFleetType":"CORE","TargetSpotCapacity":1,
         "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge","WeightedCapacity":0}]})",
     "Weighted capacity cannot be zero."},
    {R"({"InstanceFleetType":"CORE","TargetSpotCapacity":1,"InstanceTypeConfigs":[
         {"InstanceType":"m5.xlarge"},{"InstanceType":"m5.xlarge"}]})",
     "The instance fleet: null contains duplicate instance types [m5.xlarge]."},
    {R"({"InstanceFleetType":"CORE","TargetSpotCapacity":1,"InstanceTypeConfigs":[
         {"InstanceType":"m5.xlarge","BidPrice":"1","BidPriceAsPercentageOfOnDemandPrice":50}]})",
     "Specify at most one of bidPrice or bidPriceAsPercentageOfOnDemandPrice value for the Spot "
     "Instance fleet : null request."},
    {R"({"InstanceFleetType":"CORE","TargetSpotCapacity":1,
         "InstanceTypeConfigs":[{"InstanceType":"m5.xlarge"}],"LaunchSpecifications":{
         "SpotSpecification":{"TimeoutDurationMinutes":4,"TimeoutAction":"TERMINATE_CLUSTER"}}})",
     "TimeoutDurationMinutes 4 is not valid: it must be from 5 to 1440 minutes."},
};

TEST_F(Groups, WhatCannotBeIsRefused) {
  for (const Refusal& refusal : kRefusedGroups) {
    const std::string said = run_error(
        fmt::format(R"({{"Instances":{{"InstanceGroups":[{}{}]}}}})", kMaster, refusal.instances));
    EXPECT_TRUE(said.starts_with(std::string("ValidationException: ") + refusal.error))
        << refusal.instances << "\n  said " << said;
  }
  for (const Refusal& refusal : kRefusedFleets) {
    const std::string said = run_error(fmt::format(
        R"({{"Instances":{{"InstanceGroups":null,"InstanceFleets":[{}]}}}})", refusal.instances));
    EXPECT_TRUE(said.starts_with(std::string("ValidationException: ") + refusal.error))
        << refusal.instances << "\n  said " << said;
  }
  EXPECT_EQ(at(must("ListClusters", "{}"), "Clusters"), "[]");
}

}  // namespace
}  // namespace howdah::services::emr
