#include "serverless/serverless.h"

#include <gtest/gtest.h>

namespace howdah::serverless {
namespace {

const base::Time kNow = base::from_millis(1767225600000);
base::Time after(int64_t millis) { return kNow + base::Millis(millis); }

TEST(Serverless, NamesGoBothWays) {
  EXPECT_EQ(application_state_of("STOPPING"), ApplicationState::kStopping);
  EXPECT_STREQ(name_of(ApplicationState::kTerminated), "TERMINATED");
  EXPECT_EQ(run_state_of("QUEUED"), RunState::kQueued);
  EXPECT_STREQ(name_of(RunState::kCancelling), "CANCELLING");
  EXPECT_EQ(run_state_of("queued"), std::nullopt);
  EXPECT_EQ(application_state_of(""), std::nullopt);
}

TEST(Serverless, NamesOfAttemptsFollowFromTheRun) {
  const Key key{"000000000000", "us-east-1", "00app"};
  JobRun run;
  run.id = "00run";
  EXPECT_EQ(arn_of(key), "arn:aws:emr-serverless:us-east-1:000000000000:/applications/00app");
  EXPECT_EQ(arn_of(key, "00run"),
            "arn:aws:emr-serverless:us-east-1:000000000000:/applications/00app/jobruns/00run");
  EXPECT_EQ(node_of(key, run, 2), "00app/00run-2");
  EXPECT_EQ(process_of(run, 2), "00run/attempt-2");
  EXPECT_EQ(executor_of(worker_process_of(run, 2, 17), run, 2), 17);
  EXPECT_EQ(executor_of(worker_process_of(run, 2, 17), run, 1), std::nullopt);
  EXPECT_EQ(executor_of(worker_process_of(run, 2, 17) + "x", run, 2), std::nullopt);
  EXPECT_EQ(executor_of(master_process_of(run, 2), run, 2), std::nullopt);
}

TEST(Serverless, SizesAreReadAsTheModelWritesThem) {
  EXPECT_EQ(vcpu_of("4 vCPU"), 4);
  EXPECT_EQ(vcpu_of("16vcpu"), 16);
  EXPECT_EQ(vcpu_of("2"), 2);
  EXPECT_EQ(gb_of("16 GB"), 16);
  EXPECT_EQ(gb_of("120gb"), 120);
  EXPECT_EQ(gb_of("20"), 20);
  for (const char* text : {"", "vCPU", "-1", "4 GB", "4 vCPUs"})
    EXPECT_EQ(vcpu_of(text), 0) << text;
  EXPECT_EQ(gb_of("4 MB"), 0);
}

TEST(Serverless, AnApplicationIsReadBackAsItWasWritten) {
  WantedApplication w;
  w.name = "etl";
  w.release_label = "emr-7.10.0";
  w.type = "Spark";
  w.architecture = "X86_64";
  w.auto_start = false;
  w.auto_stop = false;
  w.idle_minutes = 3;
  w.initial_capacity["Driver"] = {2, {4, 16, 20}};
  w.maximum = Resources{400, 1000, 0};
  w.scheduler = Scheduler{7, 30};
  w.runtime_configuration.push_back(base::JsonObject{{"classification", "spark-defaults"}});
  w.monitoring["s3MonitoringConfiguration"] = base::JsonObject{{"logUri", "s3://b/"}};
  w.request["name"] = "etl";
  w.tags = {{"team", "data"}};
  w.starts = 2;
  w.stops = 1;
  w.deleted = true;
  const WantedApplication back = wanted_application_from(to_json(w));
  EXPECT_EQ(to_json(back), to_json(w));
  EXPECT_EQ(back.initial_capacity, w.initial_capacity);
  EXPECT_EQ(back.maximum, w.maximum);
  EXPECT_EQ(back.scheduler, w.scheduler);
  EXPECT_EQ(back.tags, w.tags);
  EXPECT_FALSE(back.auto_start);
  EXPECT_TRUE(back.deleted);

  const ApplicationStatus s{ApplicationState::kStopping, "idle", after(1), after(2), 2, 1};
  EXPECT_EQ(application_status_from(to_json(s)), s);
}

TEST(Serverless, ARunIsReadBackAsItWasWritten) {
  WantedRun w;
  w.name = "count";
  w.created_by = "arn:aws:iam::000000000000:root";
  w.execution_role = "arn:aws:iam::000000000000:role/r";
  w.release_label = "emr-7.10.0";
  w.spark = SparkSubmit{"s3://b/x.py", {"a", ""}, "--conf a=b"};
  w.hive = HiveQuery{"SELECT 1", "s3://b/init.sql", "--hiveconf a=b"};
  w.overrides["applicationConfiguration"] = base::JsonArray();
  w.execution_policy["policy"] = "{}";
  w.request["mode"] = "STREAMING";
  w.application_request["releaseLabel"] = "emr-7.10.0";
  w.tags = {{"a", ""}};
  w.timeout_minutes = 0;
  w.mode = "STREAMING";
  w.max_attempts = 3;
  w.max_failures_per_hour = 2;
  w.cancel = true;
  w.grace_seconds = 20;
  const WantedRun back = wanted_run_from(to_json(w));
  EXPECT_EQ(to_json(back), to_json(w));
  EXPECT_EQ(back.spark->arguments, w.spark->arguments);
  EXPECT_EQ(back.hive->query, "SELECT 1");
  EXPECT_EQ(back.timeout_minutes, 0);

  RunStatus s;
  s.state = RunState::kCancelling;
  s.details = "because";
  s.created = after(1);
  s.updated = after(2);
  s.started = after(3);
  s.ended = after(4);
  s.queued_millis = 5;
  s.queued = after(6);
  s.attempts = {{1, RunState::kFailed, "x", after(1), after(2), after(3), after(4)},
                {2, RunState::kRunning, "", after(5), {}, {}, {}}};
  s.node = "00app/00run-2";
  s.warm = true;
  s.way = "local[2]";
  s.workers = {2, 8.5, 40};
  s.worker_count = 3;
  s.executor = {1, 4, 20};
  s.executors = {{2, after(8)}, {5, after(9)}};
  s.executors_made = 5;
  s.early_ends = 2;
  s.executor_ended = after(10);
  s.cancelling_for_timeout = true;
  s.signalled = after(7);
  s.total = {0.25, 1.5, 3};
  s.billed = {0.5, 2, 0};
  EXPECT_EQ(run_status_from(to_json(s)), s);
}

TEST(Serverless, WhatIsAbsentTakesItsDefault) {
  EXPECT_EQ(to_json(wanted_application_from({})), to_json(WantedApplication()));
  EXPECT_EQ(application_status_from({}), ApplicationStatus());
  EXPECT_EQ(to_json(wanted_run_from({})), to_json(WantedRun()));
  EXPECT_EQ(run_status_from({}), RunStatus());
}

}  // namespace
}  // namespace howdah::serverless
