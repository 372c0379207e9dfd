// Applications: what is refused, what is filled in, what may be done in which state.

#include <fmt/format.h>

#include "services/emr_serverless/application_request.h"
#include "services/emr_serverless/test_world.h"

namespace howdah::services::emr_serverless {
namespace {

using serverless::ApplicationState;

class Applications : public World {};

TEST_F(Applications, AnApplicationReadsBackWithAmazonsDefaults) {
  const std::string id = create(R"({"tags":{"team":"data"}})");
  EXPECT_EQ(id.size(), 16u);
  EXPECT_TRUE(id.starts_with("00"));
  const base::JsonObject made = application(id);
  const std::pair<const char*, std::string> kExpected[] = {
      {"applicationId", id},
      {"name", "etl"},
      {"arn", "arn:aws:emr-serverless:us-east-1:000000000000:/applications/" + id},
      {"releaseLabel", "emr-7.10.0"},
      {"type", "Spark"},
      {"state", "CREATING"},
      {"createdAt", "1767225600000"},
      {"updatedAt", "1767225600000"},
      {"tags", R"({"team":"data"})"},
      {"autoStartConfiguration", R"({"enabled":true})"},
      {"autoStopConfiguration", R"({"enabled":true,"idleTimeoutMinutes":15})"},
      {"architecture", std::string(kArchitectureHere)},
      {"initialCapacity", ""},
      {"maximumCapacity", ""},
      {"schedulerConfiguration", ""},
      {"networkConfiguration", ""}};
  for (const auto& [path, value] : kExpected) EXPECT_EQ(at(made, path), value) << path;
}

TEST_F(Applications, WhatWasAskedForIsEchoed) {
  const std::string id = create(R"({"releaseLabel":"emr-6.8.0","type":"spark",
    "initialCapacity":{
      "DRIVER":{"workerCount":2,"workerConfiguration":{"cpu":"4vCPU","memory":"16GB"}},
      "Executor":{"workerCount":10,"workerConfiguration":{"cpu":"8","memory":"60 gb",
                                                          "disk":"200 GB","diskType":"Standard"}}},
    "maximumCapacity":{"cpu":"400 vCPU","memory":"3000GB","disk":"20000 GB"},
    "autoStartConfiguration":{"enabled":false},
    "autoStopConfiguration":{"enabled":false,"idleTimeoutMinutes":60},
    "networkConfiguration":{"subnetIds":["subnet-1"],"securityGroupIds":["sg-1"]},
    "runtimeConfiguration":[{"classification":"spark-defaults","properties":{"a":"b"}}],
    "monitoringConfiguration":{"s3MonitoringConfiguration":{"logUri":"s3://b/logs/"}}})");
  const base::JsonObject made = application(id);
  const std::pair<const char*, const char*> kExpected[] = {
      {"releaseLabel", "emr-6.8.0"},
      {"type", "Spark"},
      {"initialCapacity.Driver.workerCount", "2"},
      {"initialCapacity.Driver.workerConfiguration",
       R"({"cpu":"4 vCPU","memory":"16 GB","disk":"20 GB","diskType":"STANDARD"})"},
      {"initialCapacity.Executor.workerConfiguration",
       R"({"cpu":"8 vCPU","memory":"60 GB","disk":"200 GB","diskType":"STANDARD"})"},
      {"maximumCapacity", R"({"cpu":"400 vCPU","memory":"3000 GB","disk":"20000 GB"})"},
      {"autoStartConfiguration.enabled", "false"},
      {"autoStopConfiguration", R"({"enabled":false,"idleTimeoutMinutes":60})"},
      {"networkConfiguration.subnetIds.0", "subnet-1"},
      {"runtimeConfiguration.0.properties.a", "b"},
      {"monitoringConfiguration.s3MonitoringConfiguration.logUri", "s3://b/logs/"}};
  for (const auto& [path, value] : kExpected) EXPECT_EQ(at(made, path), value) << path;
  EXPECT_EQ(
      warnings(id),
      std::vector<std::string>{
          "networkConfiguration has no effect here: workers are in a network of this host: no "
          "subnet and no security group is asked."});
  EXPECT_TRUE(warnings(create()).empty());
}

TEST_F(Applications, ASchedulerTakesAmazonsDefaults) {
  EXPECT_EQ(at(application(create(R"({"schedulerConfiguration":{}})")), "schedulerConfiguration"),
            R"({"maxConcurrentRuns":15,"queueTimeoutMinutes":360})");
  EXPECT_EQ(at(application(create(R"({"schedulerConfiguration":{"maxConcurrentRuns":1000,
                                      "queueTimeoutMinutes":15}})")),
               "schedulerConfiguration"),
            R"({"maxConcurrentRuns":1000,"queueTimeoutMinutes":15})");
}

struct Refusal {
  const char* changes;
  const char* message;
};

class RefusedApplications : public World, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedApplications, AreTold) {
  const std::string said = create_error(GetParam().changes);
  EXPECT_NE(said.find(GetParam().message), std::string::npos) << said;
  EXPECT_TRUE(said.starts_with("ValidationException: ")) << said;
  EXPECT_EQ(at(must("ListApplications", "{}"), "applications"), "[]");
}

INSTANTIATE_TEST_SUITE_P(
    EachMember, RefusedApplications,
    testing::Values(
        Refusal{R"({"type":"SPARK3"})", "Unsupported engine SPARK3"},
        Refusal{R"({"releaseLabel":"emr-fake"})",
                "Type 'SPARK' is not supported for release label 'emr-fake' or release label does "
                "not exist"},
        Refusal{R"({"releaseLabel":"emr-6.12.0"})",
                "The release label emr-6.12.0 is known, but its Spark cannot be run here yet."},
        Refusal{R"({"name":"a b"})", "'name' failed to satisfy constraint"},
        Refusal{R"({"imageConfiguration":{"imageUri":
                 "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:latest"}})",
                "imageConfiguration.imageUri is refused: workers are not made of container images"},
        Refusal{R"({"workerTypeSpecifications":{"Driver":{"imageConfiguration":{"imageUri":
                 "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:latest"}}}})",
                "workerTypeSpecifications.Driver.imageConfiguration.imageUri is refused"},
        Refusal{R"({"diskEncryptionConfiguration":{"encryptionContext":{"a":"b"}}})",
                "diskEncryptionConfiguration is refused"},
        Refusal{R"({"identityCenterConfiguration":{"userBackgroundSessionsEnabled":true}})",
                "identityCenterConfiguration is refused"},
        Refusal{R"({"interactiveConfiguration":{"sessionEnabled":true}})",
                "interactiveConfiguration.sessionEnabled is refused"},
        Refusal{R"({"monitoringConfiguration":{"s3MonitoringConfiguration":{"logUri":"s3://b/",
                 "encryptionKeyArn":"arn:aws:kms:us-east-1:123456789012:key/1"}}})",
                "s3MonitoringConfiguration.encryptionKeyArn is refused"},
        Refusal{R"({"monitoringConfiguration":{"s3MonitoringConfiguration":{"logUri":"/tmp"}}})",
                "Invalid logUri '/tmp'"},
        Refusal{R"({"initialCapacity":{"Boss":{"workerCount":1}}})",
                "Worker type 'Boss' is not one of a Spark application: Driver and Executor."},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":1},"DRIVER":{"workerCount":1}}})",
                "Worker type 'Driver' is given twice."},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":0}}})",
                "'initialCapacity.driver.workerCount' failed to satisfy constraint"},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":1,"workerConfiguration":
                 {"cpu":"3 vCPU","memory":"8 GB"}}}})",
                "Invalid worker configuration of Driver: 3 vCPU is not supported"},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":1,"workerConfiguration":
                 {"cpu":"4 vCPU","memory":"31 GB"}}}})",
                "31 GB of memory is not supported with 4 vCPU"},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":1,"workerConfiguration":
                 {"cpu":"4 vCPU","memory":"16 GB","disk":"201 GB"}}}})",
                "201 GB of disk is not supported"},
        Refusal{R"({"releaseLabel":"emr-6.15.0","initialCapacity":{"Driver":{"workerCount":1,
                 "workerConfiguration":{"cpu":"4 vCPU","memory":"16 GB",
                 "diskType":"SHUFFLE_OPTIMIZED"}}}})",
                "Shuffle-optimized disks are supported with release labels emr-7.1.0 and above"},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":2}},
                 "maximumCapacity":{"cpu":"4 vCPU","memory":"100 GB"}})",
                "cpu of 8 vCPU exceeds the maximumCapacity's 4 vCPU"},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":2}},
                 "maximumCapacity":{"cpu":"8 vCPU","memory":"31 GB"}})",
                "memory of 32 GB exceeds"},
        Refusal{R"({"initialCapacity":{"Driver":{"workerCount":2}},
                 "maximumCapacity":{"cpu":"8 vCPU","memory":"32 GB","disk":"39 GB"}})",
                "disk of 40 GB exceeds"},
        Refusal{R"({"releaseLabel":"emr-6.15.0","schedulerConfiguration":{}})",
                "schedulerConfiguration is supported with release labels emr-7.0.0 and above"},
        Refusal{R"({"schedulerConfiguration":{"maxConcurrentRuns":1001}})",
                "maxConcurrentRuns is 1001: the valid range is 1 to 1000."},
        Refusal{R"({"schedulerConfiguration":{"maxConcurrentRuns":0}})", "maxConcurrentRuns is 0"},
        Refusal{R"({"schedulerConfiguration":{"queueTimeoutMinutes":14}})",
                "queueTimeoutMinutes is 14: the valid range is from 15 to 720."},
        Refusal{R"({"autoStopConfiguration":{"idleTimeoutMinutes":0}})",
                "'autoStopConfiguration.idleTimeoutMinutes' failed to satisfy constraint"},
        Refusal{R"({"tags":{"aws:x":"y"}})", "Invalid tag key 'aws:x'"}));

TEST_F(Applications, TheOtherArchitectureIsRefusedWithThisMachines) {
  const std::string other = kArchitectureHere == "ARM64" ? "X86_64" : "ARM64";
  EXPECT_EQ(
      create_error(fmt::format(R"({{"architecture":"{}"}})", other)),
      fmt::format("ValidationException: Architecture {} cannot be run here: this machine's is "
                  "{}, and workers are its processes.",
                  other, kArchitectureHere));
  EXPECT_NE(create(fmt::format(R"({{"architecture":"{}"}})", kArchitectureHere)), "");
}

TEST_F(Applications, HiveIsTakenWithItsOwnWorkers) {
  const std::string id =
      create(R"({"type":"HIVE","initialCapacity":{"TezTask":{"workerCount":1}}})");
  EXPECT_EQ(at(application(id), "type"), "Hive");
  EXPECT_EQ(at(application(id), "initialCapacity.TezTask.workerConfiguration.cpu"), "4 vCPU");
  EXPECT_NE(create_error(R"({"type":"HIVE","initialCapacity":{"Driver":{"workerCount":1}}})")
                .find("HiveDriver and TezTask"),
            std::string::npos);
}

TEST_F(Applications, ATokenMakesOneApplicationAndConflictsWithAnotherRequest) {
  const std::string id = create(R"({"clientToken":"t"})");
  EXPECT_EQ(create(R"({"clientToken":"t"})"), id);
  EXPECT_EQ(create_error(R"({"clientToken":"t","name":"other"})"),
            "ConflictException: The client token t was used before with other parameters");
  EXPECT_NE(create(R"({"clientToken":"u"})"), id);
}

TEST_F(Applications, UnknownOnesDoNotExist) {
  for (const char* operation : {"GetApplication", "StartApplication", "StopApplication",
                                "DeleteApplication", "ListJobRuns", "ListSessions"}) {
    EXPECT_EQ(of(operation, "00nope"),
              "ResourceNotFoundException: Application 00nope does not exist")
        << operation;
  }
  EXPECT_EQ(of("UpdateApplication", "00nope", R"(,"clientToken":"t")"),
            "ResourceNotFoundException: Application 00nope does not exist");
  const std::string id = create();
  context_.region = "eu-west-1";
  EXPECT_EQ(of("GetApplication", id),
            fmt::format("ResourceNotFoundException: Application {} does not exist", id));
  EXPECT_EQ(at(must("ListApplications", "{}"), "applications"), "[]");
}

TEST_F(Applications, EachStateAllowsWhatAmazonAllows) {
  using S = ApplicationState;
  const std::string kDone = "answered {}";
  const std::string kNotStoppable =
      "ValidationException: Application cannot be STOPPED. Applications must be in one of the "
      "following statuses: [STARTING, STARTED]";
  const auto refused = [](const std::string& id, const char* now) {
    return fmt::format(
        "ValidationException: Application {} must be in one of the following statuses [CREATED, "
        "STOPPED]. Current status: {}",
        id, now);
  };
  const auto update = [&](const std::string& id) {
    const std::string said = of("UpdateApplication", id, R"(,"clientToken":"t")");
    return said.starts_with("answered") ? std::string("answered {}") : said;
  };

  const std::string creating = create();
  EXPECT_EQ(of("StartApplication", creating), refused(creating, "CREATING"));
  EXPECT_EQ(of("StopApplication", creating), kNotStoppable);
  EXPECT_EQ(of("DeleteApplication", creating), refused(creating, "CREATING"));

  const std::string up = started();
  EXPECT_EQ(of("StartApplication", up), kDone) << "it is what was asked for";
  EXPECT_EQ(store_->application(key(up))->wanted.starts, 0);
  EXPECT_EQ(of("DeleteApplication", up), refused(up, "STARTED"));
  EXPECT_EQ(update(up), refused(up, "STARTED"));
  EXPECT_EQ(of("StopApplication", up), kDone);
  EXPECT_EQ(state(up), "STOPPING") << "before control has seen it";
  EXPECT_EQ(of("StopApplication", up), kNotStoppable);
  EXPECT_EQ(of("StartApplication", up), refused(up, "STOPPING"));

  move(up, {S::kStopping, S::kStopped});
  EXPECT_EQ(update(up), kDone);
  EXPECT_EQ(of("StartApplication", up), kDone);
  EXPECT_EQ(state(up), "STARTING") << "before control has seen it";
  EXPECT_EQ(of("DeleteApplication", up), refused(up, "STARTING"));
  EXPECT_EQ(of("StopApplication", up), kDone);
  EXPECT_EQ(state(up), "STOPPED") << "a start that nobody has seen is taken back";

  EXPECT_EQ(of("DeleteApplication", up), kDone);
  EXPECT_EQ(state(up), "TERMINATED");
  EXPECT_EQ(of("StartApplication", up), refused(up, "TERMINATED"));
  EXPECT_EQ(of("DeleteApplication", up), refused(up, "TERMINATED"));
  EXPECT_EQ(update(up), refused(up, "TERMINATED"));
}

TEST_F(Applications, UnfinishedRunsKeepAnApplicationUp) {
  const std::string id = started();
  const std::string run = start(id);
  EXPECT_NE(of("StopApplication", id).find("1 of its job runs have not ended"), std::string::npos);
  move(id, run, {serverless::RunState::kCancelled});
  EXPECT_EQ(of("StopApplication", id), "answered {}");
  const std::string resting = create();
  move(resting, {ApplicationState::kCreated});
  start(resting);
  EXPECT_NE(of("DeleteApplication", resting).find("cannot be deleted: 1 of its job runs"),
            std::string::npos);
}

TEST_F(Applications, AnUpdateReplacesWhatItNamesAndKeepsTheRest) {
  const std::string id = create(R"({"maximumCapacity":{"cpu":"8 vCPU","memory":"64 GB"},
                                    "tags":{"a":"b"}})");
  move(id, {ApplicationState::kCreated});
  const base::JsonObject updated = *base::find_object(
      must("UpdateApplication",
           fmt::format(R"({{"applicationId":"{}","clientToken":"t","releaseLabel":"emr-6.15.0",
                "autoStopConfiguration":{{"idleTimeoutMinutes":1}},
                "initialCapacity":{{"Driver":{{"workerCount":1}}}}}})",
                       id)),
      "application");
  EXPECT_EQ(at(updated, "releaseLabel"), "emr-6.15.0");
  EXPECT_EQ(at(updated, "autoStopConfiguration"), R"({"enabled":true,"idleTimeoutMinutes":1})");
  EXPECT_EQ(at(updated, "maximumCapacity"), R"({"cpu":"8 vCPU","memory":"64 GB"})");
  EXPECT_EQ(at(updated, "name"), "etl");
  EXPECT_EQ(at(updated, "tags.a"), "b");
  EXPECT_EQ(application(id), updated);
  const std::string refused = of("UpdateApplication", id, R"(,"clientToken":"t",
      "initialCapacity":{"Driver":{"workerCount":3}})");
  EXPECT_NE(refused.find("cpu of 12 vCPU exceeds the maximumCapacity's 8 vCPU"), std::string::npos)
      << refused;
  EXPECT_EQ(application(id), updated) << "a refusal changes nothing";
}

TEST_F(Applications, ListsAreFilteredAndPaged) {
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    made.push_back(create());
    clock_.advance(base::Millis(1));
  }
  move(made[0], {ApplicationState::kCreated});
  const base::JsonObject first = must("ListApplications", R"({"maxResults":2})");
  EXPECT_EQ(at(first, "applications.0.id"), made[2]);
  EXPECT_EQ(at(first, "applications.1.id"), made[1]);
  EXPECT_EQ(at(first, "applications.0.type"), "Spark");
  const base::JsonObject second =
      must("ListApplications",
           fmt::format(R"({{"maxResults":2,"nextToken":"{}"}})", at(first, "nextToken")));
  EXPECT_EQ(at(second, "applications.0.id"), made[0]);
  EXPECT_EQ(at(second, "applications.1.id"), "");
  EXPECT_EQ(at(second, "nextToken"), "");
  const base::JsonObject created = must("ListApplications", R"({"states":["CREATED","STARTED"]})");
  EXPECT_EQ(at(created, "applications.0.id"), made[0]);
  EXPECT_EQ(at(created, "applications.1.id"), "");
  EXPECT_EQ(error_of("ListApplications", R"({"nextToken":"zz"})"),
            "ValidationException: Invalid nextToken");
}

}  // namespace
}  // namespace howdah::services::emr_serverless
