// Job runs: what is refused, how they read back in each state, how they are cancelled.

#include <fmt/format.h>

#include "services/emr_serverless/test_world.h"

namespace howdah::services::emr_serverless {
namespace {

using serverless::ApplicationState;
using serverless::RunState;

constexpr char kArn[] = "arn:aws:iam::000000000000:role/";

class JobRuns : public World {
 protected:
  std::string of_run(std::string_view operation, const std::string& application,
                     const std::string& run, std::string_view rest = "") {
    return of(operation, application, fmt::format(R"(,"jobRunId":"{}"{})", run, rest));
  }
};

TEST_F(JobRuns, ARunReadsBackAsItWasAskedForWithDefaults) {
  const std::string app = started(R"({"networkConfiguration":{"subnetIds":["subnet-1"]}})");
  const std::string id = start(app, R"({"name":"count","tags":{"a":"b"},
      "jobDriver":{"sparkSubmit":{"entryPointArguments":["x","y z"],
                                  "sparkSubmitParameters":"--conf spark.driver.cores=1"}},
      "configurationOverrides":{"monitoringConfiguration":{"s3MonitoringConfiguration":
          {"logUri":"s3://b/logs"}}}})");
  EXPECT_EQ(id.size(), 16u);
  const base::JsonObject made = run(app, id);
  const std::pair<const char*, std::string> kExpected[] = {
      {"applicationId", app},
      {"jobRunId", id},
      {"name", "count"},
      {"arn",
       "arn:aws:emr-serverless:us-east-1:000000000000:/applications/" + app + "/jobruns/" + id},
      {"createdBy", "arn:aws:iam::000000000000:root"},
      {"executionRole", std::string(kArn) + "job"},
      {"state", "SUBMITTED"},
      {"stateDetails", ""},
      {"releaseLabel", "emr-7.10.0"},
      {"jobDriver.sparkSubmit.entryPoint", "s3://b/x.py"},
      {"jobDriver.sparkSubmit.entryPointArguments", R"(["x","y z"])"},
      {"jobDriver.sparkSubmit.sparkSubmitParameters", "--conf spark.driver.cores=1"},
      {"configurationOverrides.monitoringConfiguration.s3MonitoringConfiguration.logUri",
       "s3://b/logs"},
      {"networkConfiguration.subnetIds.0", "subnet-1"},
      {"tags.a", "b"},
      {"executionTimeoutMinutes", "720"},
      {"mode", "BATCH"},
      {"retryPolicy", R"({"maxAttempts":1})"},
      {"attempt", "1"},
      {"createdAt", "1767225600000"},
      {"attemptCreatedAt", "1767225600000"},
      {"queuedDurationMilliseconds", "0"},
      {"startedAt", ""},
      {"totalExecutionDurationSeconds", ""},
      {"totalResourceUtilization", ""}};
  for (const auto& [path, value] : kExpected) EXPECT_EQ(at(made, path), value) << path;
  const auto kept = store_->run(key(app), id);
  EXPECT_EQ(kept->wanted.spark->entry_point, "s3://b/x.py");
  EXPECT_EQ(kept->wanted.spark->arguments, (std::vector<std::string>{"x", "y z"}));
}

struct Refusal {
  const char* application;
  const char* changes;
  const char* message;
};

class RefusedRuns : public World, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedRuns, AreTold) {
  const std::string app = started(GetParam().application);
  const std::string said = start_error(app, GetParam().changes);
  EXPECT_NE(said.find(GetParam().message), std::string::npos) << said;
  EXPECT_EQ(at(must("ListJobRuns", fmt::format(R"({{"applicationId":"{}"}})", app)), "jobRuns"),
            "[]");
}

INSTANTIATE_TEST_SUITE_P(
    EachMember, RefusedRuns,
    testing::Values(
        Refusal{"{}", R"({"jobDriver":null})",
                "ValidationException: jobDriver must have one of sparkSubmit and hive."},
        Refusal{"{}", R"({"jobDriver":{"hive":{"query":"SELECT 1"}}})",
                "jobDriver must have only one of sparkSubmit and hive."},
        Refusal{"{}", R"({"jobDriver":{"sparkSubmit":null,"hive":{"query":"SELECT 1"}}})",
                "jobDriver hive is not supported for an application of type Spark."},
        Refusal{R"({"type":"Hive"})", "{}",
                "jobDriver sparkSubmit is not supported for an application of type Hive."},
        Refusal{"{}", R"({"executionTimeoutMinutes":4})",
                "ValidationException: RunTimeout must be at least 5 minutes."},
        Refusal{"{}", R"({"executionTimeoutMinutes":1000001})",
                "'executionTimeoutMinutes' failed to satisfy constraint"},
        Refusal{"{}", R"({"executionRoleArn":"arn:aws:iam::000000000000:role/nobody"})",
                "ValidationException: Could not assume runtime role "
                "arn:aws:iam::000000000000:role/nobody because it does not exist"},
        Refusal{"{}", R"({"executionRoleArn":"arn:aws:iam::000000000000:role/other"})",
                "or isn't setup with the required trust relationship."},
        Refusal{"{}", R"({"executionRoleArn":"arn:aws:iam::111111111111:role/job"})",
                "AccessDeniedException: Cross-account pass role is not allowed."},
        Refusal{R"({"releaseLabel":"emr-6.15.0"})", R"({"mode":"STREAMING"})",
                "mode STREAMING is supported with release labels emr-7.1.0 and above"},
        Refusal{R"({"releaseLabel":"emr-6.15.0"})", R"({"retryPolicy":{"maxAttempts":2}})",
                "retryPolicy is supported with release labels emr-7.1.0 and above"},
        Refusal{"{}", R"({"mode":"STREAMING","retryPolicy":{"maxAttempts":2}})",
                "retryPolicy.maxAttempts is only applicable for BATCH mode."},
        Refusal{"{}", R"({"retryPolicy":{"maxFailedAttemptsPerHour":2}})",
                "retryPolicy.maxFailedAttemptsPerHour is only applicable for STREAMING mode."},
        Refusal{"{}", R"({"retryPolicy":{"maxAttempts":11}})", "the maximum is 10."},
        Refusal{"{}", R"({"retryPolicy":{"maxAttempts":0}})",
                "'retryPolicy.maxAttempts' failed to satisfy constraint"},
        Refusal{"{}", R"({"executionIamPolicy":{"policy":"{}"}})",
                "ValidationException: Invalid executionIamPolicy.policy: "},
        Refusal{"{}", R"({"executionIamPolicy":{"policyArns":["arn:aws:iam::aws:policy/Nope"]}})",
                "ValidationException: Invalid executionIamPolicy.policyArns: "},
        Refusal{"{}", R"({"configurationOverrides":{"diskEncryptionConfiguration":
                          {"encryptionContext":{"a":"b"}}}})",
                "diskEncryptionConfiguration is refused"},
        Refusal{"{}", R"({"configurationOverrides":{"monitoringConfiguration":
                          {"s3MonitoringConfiguration":{"logUri":"b/logs"}}}})",
                "Invalid logUri 'b/logs'"},
        Refusal{"{}", R"({"tags":{"AWS:x":""}})", "Invalid tag key 'AWS:x'"}));

TEST_F(JobRuns, ARoleMustBePassableAndMayTrustTheServiceConditionally) {
  const std::string app = started();
  denied_ = std::string(kArn) + "nobody";
  EXPECT_TRUE(start_error(app, R"({"executionRoleArn":"arn:aws:iam::000000000000:role/nobody"})")
                  .starts_with("AccessDeniedException: not authorized to perform: iam:PassRole"))
      << "who may not pass it learns nothing of whether it exists";
  EXPECT_NE(start(app, R"({"executionRoleArn":"arn:aws:iam::000000000000:role/careful"})"), "");
}

TEST_F(JobRuns, TimeoutsAndRetriesAreKeptForControl) {
  const std::string app = started();
  const auto wanted = [&](std::string_view changes) {
    return store_->run(key(app), start(app, changes))->wanted;
  };
  EXPECT_EQ(wanted("{}").timeout_minutes, 720);
  EXPECT_EQ(wanted(R"({"executionTimeoutMinutes":0})").timeout_minutes, 0);
  EXPECT_EQ(wanted(R"({"executionTimeoutMinutes":5})").timeout_minutes, 5);
  EXPECT_EQ(wanted(R"({"retryPolicy":{"maxAttempts":3}})").max_attempts, 3);
  const auto streaming = wanted(R"({"mode":"STREAMING"})");
  EXPECT_EQ(streaming.timeout_minutes, 0);
  EXPECT_EQ(streaming.max_failures_per_hour, 5);
  EXPECT_EQ(wanted(R"({"mode":"STREAMING","retryPolicy":{"maxFailedAttemptsPerHour":2}})")
                .max_failures_per_hour,
            2);
}

TEST_F(JobRuns, AnExecutionPolicyIsKeptForTheCredentialsOfTheRun) {
  const std::string app = started();
  base::JsonObject policy{
      {"policy",
       R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})"},
      {"policyArns", base::JsonArray{"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}};
  const std::string id =
      start(app, base::to_text(base::JsonObject{{"executionIamPolicy", policy}}));
  EXPECT_EQ(at(run(app, id), "executionIamPolicy"), base::to_text(policy));
  EXPECT_EQ(store_->run(key(app), id)->wanted.execution_policy, policy);
}

TEST_F(JobRuns, AnApplicationTakesRunsByItsStateAndAutoStart) {
  using S = ApplicationState;
  const std::string manual = create(R"({"autoStartConfiguration":{"enabled":false}})");
  move(manual, {S::kCreated});
  EXPECT_EQ(start_error(manual, "{}"),
            fmt::format("ValidationException: Application {} must be in one of the following "
                        "statuses [STARTED]. Current status: CREATED. It does not start "
                        "automatically: start it first",
                        manual));
  move(manual, {S::kStarting, S::kStarted});
  EXPECT_NE(start(manual), "");
  const std::string app = create();
  EXPECT_NE(start(app), "") << "it starts by itself";
  const std::string stopping = started();
  must("StopApplication", fmt::format(R"({{"applicationId":"{}"}})", stopping));
  EXPECT_NE(start_error(stopping, "{}").find("Current status: STOPPING"), std::string::npos);
  move(stopping, {S::kStopping, S::kStopped});
  EXPECT_NE(of("DeleteApplication", stopping).find("answered"), std::string::npos);
  EXPECT_NE(start_error(stopping, "{}").find("Current status: TERMINATED"), std::string::npos);
  EXPECT_EQ(start_error("00nope", "{}"),
            "ResourceNotFoundException: Application 00nope does not exist");
}

TEST_F(JobRuns, ATokenStartsOneRunAndConflictsWithAnotherRequest) {
  const std::string app = started();
  const std::string id = start(app, R"({"clientToken":"t"})");
  EXPECT_EQ(start(app, R"({"clientToken":"t"})"), id);
  EXPECT_EQ(start_error(app, R"({"clientToken":"t","name":"other"})"),
            "ConflictException: The client token t was used before with other parameters");
}

TEST_F(JobRuns, CancellingIsPossibleUntilTheEndAndShowsAtOnce) {
  const std::string app = started();
  const std::vector<std::pair<std::vector<RunState>, const char*>> kStates = {
      {{}, "CANCELLING"},
      {{RunState::kQueued}, "CANCELLING"},
      {{RunState::kPending}, "CANCELLING"},
      {{RunState::kPending, RunState::kScheduled}, "CANCELLING"},
      {{RunState::kPending, RunState::kScheduled, RunState::kRunning}, "CANCELLING"},
      {{RunState::kCancelling}, "CANCELLING"}};
  for (const auto& [moves, shown] : kStates) {
    const std::string id = start(app);
    move(app, id, moves);
    const std::string answer =
        fmt::format(R"(answered {{"applicationId":"{}","jobRunId":"{}"}})", app, id);
    EXPECT_EQ(of_run("CancelJobRun", app, id, R"(,"shutdownGracePeriodInSeconds":30)"), answer);
    EXPECT_EQ(state(app, id), shown);
    EXPECT_EQ(of_run("CancelJobRun", app, id, R"(,"shutdownGracePeriodInSeconds":90)"), answer);
    EXPECT_EQ(store_->run(key(app), id)->wanted.grace_seconds, 30) << "the first one's time holds";
  }
  for (const RunState end : {RunState::kSuccess, RunState::kFailed, RunState::kCancelled}) {
    const std::string id = start(app);
    move(app, id, {RunState::kPending, RunState::kScheduled, RunState::kRunning});
    if (end == RunState::kCancelled) move(app, id, {RunState::kCancelling});
    move(app, id, {end});
    EXPECT_EQ(of_run("CancelJobRun", app, id),
              fmt::format("ValidationException: Job run {} cannot be cancelled. Current status: {}",
                          id, serverless::name_of(end)));
    EXPECT_EQ(state(app, id), serverless::name_of(end));
  }
  EXPECT_EQ(of_run("CancelJobRun", app, "00nope"),
            "ResourceNotFoundException: Job run 00nope does not exist");
  EXPECT_EQ(of_run("CancelJobRun", "00nope", "00nope"),
            "ResourceNotFoundException: Application 00nope does not exist");
  EXPECT_NE(of_run("CancelJobRun", app, "00nope", R"(,"shutdownGracePeriodInSeconds":-1)")
                .find("must not be negative"),
            std::string::npos);
}

TEST_F(JobRuns, AttemptsAreListedAndReadBackOneByOne) {
  const std::string app = started();
  const std::string id = start(app, R"({"retryPolicy":{"maxAttempts":2}})");
  clock_.advance(base::Millis(1000));
  move(app, id, {RunState::kPending, RunState::kScheduled, RunState::kRunning});
  clock_.advance(base::Millis(1500));
  move(app, id, {RunState::kPending}, "ExitCode: 1");
  move(app, id, {RunState::kScheduled, RunState::kRunning});
  clock_.advance(base::Millis(2000));
  move(app, id, {RunState::kSuccess});
  const base::JsonObject now = run(app, id);
  EXPECT_EQ(at(now, "state"), "SUCCESS");
  EXPECT_EQ(at(now, "attempt"), "2");
  EXPECT_EQ(at(now, "startedAt"), "1767225602500");
  EXPECT_EQ(at(now, "endedAt"), "1767225604500");
  EXPECT_EQ(at(now, "totalExecutionDurationSeconds"), "4") << "3.5 seconds, begun ones counted";
  EXPECT_EQ(at(now, "retryPolicy.maxAttempts"), "2");
  EXPECT_EQ(at(now, "totalResourceUtilization.vCPUHour"), "0E0");
  const base::JsonObject first = run(app, id, R"(,"attempt":1)");
  EXPECT_EQ(at(first, "state"), "FAILED");
  EXPECT_EQ(at(first, "stateDetails"), "ExitCode: 1");
  EXPECT_EQ(at(first, "attempt"), "1");
  EXPECT_EQ(at(first, "endedAt"), "1767225602500");
  EXPECT_EQ(run(app, id, R"(,"attempt":2)"), now);
  EXPECT_EQ(of_run("GetJobRun", app, id, R"(,"attempt":3)"),
            fmt::format("ResourceNotFoundException: Attempt 3 of job run {} does not exist", id));

  const std::string asked = fmt::format(R"({{"applicationId":"{}","jobRunId":"{}")", app, id);
  const base::JsonObject page = must("ListJobRunAttempts", asked + R"(,"maxResults":1})");
  EXPECT_EQ(at(page, "jobRunAttempts.0.attempt"), "2");
  EXPECT_EQ(at(page, "jobRunAttempts.0.state"), "SUCCESS");
  EXPECT_EQ(at(page, "jobRunAttempts.0.type"), "SPARK_SUBMIT");
  EXPECT_EQ(at(page, "jobRunAttempts.1"), "");
  const base::JsonObject rest =
      must("ListJobRunAttempts", asked + R"(,"nextToken":")" + at(page, "nextToken") + "\"}");
  EXPECT_EQ(at(rest, "jobRunAttempts.0.attempt"), "1");
  EXPECT_EQ(at(rest, "jobRunAttempts.0.jobCreatedAt"), "1767225600000");
  EXPECT_EQ(at(rest, "nextToken"), "");
  EXPECT_EQ(error_of("ListJobRunAttempts", asked + R"(,"nextToken":"zz"})"),
            "ValidationException: Invalid nextToken");
}

TEST_F(JobRuns, WhatItUsedIsShownInHours) {
  const std::string app = started();
  const std::string id = start(app);
  move(app, id, {RunState::kPending, RunState::kScheduled, RunState::kRunning, RunState::kFailed},
       "Job failed");
  const std::string going = start(app);
  auto before = std::move(store_->load(key(app))).value();
  serverless::Application next = before.application;
  next.runs[0].status.total = {0.27778, 1.1114, 2};
  next.runs[0].status.billed = {0.3, 1.2, 0};
  ASSERT_TRUE(store_->commit(before, next, {}).ok());
  const base::JsonObject shown = run(app, going);
  EXPECT_EQ(at(shown, "totalResourceUtilization.vCPUHour"), "2.78E-1");
  EXPECT_EQ(at(shown, "totalResourceUtilization.memoryGBHour"), "1.111E0");
  EXPECT_EQ(at(shown, "billedResourceUtilization.vCPUHour"), "3E-1");
  EXPECT_EQ(at(run(app, id), "stateDetails"), "Job failed");
}

TEST_F(JobRuns, ListsAreFilteredAndPaged) {
  const std::string app = started();
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i) {
    made.push_back(start(app, i == 1 ? R"({"mode":"STREAMING"})" : "{}"));
    clock_.advance(base::Millis(1000));
  }
  move(app, made[0], {RunState::kPending});
  const auto list = [&](std::string_view rest) {
    const base::JsonObject page =
        must("ListJobRuns", fmt::format(R"({{"applicationId":"{}"{}}})", app, rest));
    std::string out;
    for (const base::Json& each : *base::find_array(page, "jobRuns"))
      out += std::string(base::text_at(each.get_object(), "id")) + " ";
    return out + at(page, "nextToken");
  };
  EXPECT_EQ(list(""), made[2] + " " + made[1] + " " + made[0] + " ");
  EXPECT_EQ(list(R"(,"states":["PENDING","RUNNING"])"), made[0] + " ");
  EXPECT_EQ(list(R"(,"mode":"STREAMING")"), made[1] + " ");
  EXPECT_EQ(list(R"(,"createdAtAfter":1767225601000)"), made[2] + " " + made[1] + " ");
  EXPECT_EQ(list(R"(,"createdAtBefore":1767225600500)"), made[0] + " ");
  const std::string page = list(R"(,"maxResults":2)");
  const std::string both = made[2] + " " + made[1] + " ";
  ASSERT_TRUE(page.starts_with(both));
  EXPECT_EQ(list(fmt::format(R"(,"nextToken":"{}")", page.substr(both.size()))), made[0] + " ");
  EXPECT_EQ(of("ListJobRuns", app, R"(,"nextToken":"zz")"),
            "ValidationException: Invalid nextToken");
}

TEST_F(JobRuns, ADashboardIsALinkToOneAttempt) {
  const std::string app = started();
  const std::string id = start(app);
  EXPECT_EQ(of_run("GetDashboardForJobRun", app, id),
            fmt::format(R"(answered {{"url":"http://ui/{}/{}/1"}})", app, id));
  EXPECT_NE(of_run("GetDashboardForJobRun", app, id, R"(,"attempt":2)")
                .find("ResourceNotFoundException: Attempt 2"),
            std::string::npos);
  EXPECT_NE(of_run("GetDashboardForJobRun", app, "00nope").find("does not exist"),
            std::string::npos);
  service_ =
      std::make_unique<EmrServerless>(EmrServerless::Options{*store_, *iam_, releases_, ids_, {}});
  EXPECT_EQ(of_run("GetDashboardForJobRun", app, id),
            "ValidationException: The web interface of a job run cannot be shown here yet.");
}

}  // namespace
}  // namespace howdah::services::emr_serverless
