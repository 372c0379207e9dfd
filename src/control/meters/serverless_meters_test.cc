#include "control/meters/serverless_meters.h"

#include <gtest/gtest.h>

namespace howdah::control {
namespace {

using serverless::RunState;

double value(const std::vector<telemetry::MetricPoint>& points, const std::string& name,
             size_t dimensions, const std::string& last = "") {
  for (const auto& point : points) {
    if (point.metric.name != name || point.metric.dimensions.size() != dimensions) continue;
    bool found = last.empty();
    for (const auto& [key, text] : point.metric.dimensions) found = found || text == last;
    if (found) return point.values.sum;
  }
  return -1;
}

TEST(ServerlessMeters, say_what_runs_hold_and_how_many_ended) {
  serverless::Application application;
  application.key = {"000000000000", "us-east-1", "00app"};
  application.wanted.name = "etl";
  application.wanted.maximum = serverless::Resources{40, 300, 0};
  serverless::JobRun run;
  run.id = "00run";
  run.wanted.spark = serverless::SparkSubmit{"s3://b/x.py", {}, ""};
  run.status.state = RunState::kRunning;
  run.status.workers = {16, 64, 80};
  run.status.worker_count = 4;
  application.runs = {run};
  const auto points = measure_application(application, {{RunState::kSuccess, 3}}, {},
                                          {.ready = 1, .wanted = 3}, base::from_millis(0));
  EXPECT_EQ(value(points, "CPUAllocated", 2), 16);
  EXPECT_EQ(value(points, "CPUAllocated", 4, "Spark_Driver"), 4);
  EXPECT_EQ(value(points, "CPUAllocated", 4, "Spark_Executor"), 12);
  EXPECT_EQ(value(points, "RunningWorkerCount", 4, "Spark_Executor"), 3);
  EXPECT_EQ(value(points, "TotalWorkerCount", 4, "Spark_Executor"), 3);
  EXPECT_EQ(value(points, "IdleWorkerCount", 4, "PreInitCapacity"), 1);
  EXPECT_EQ(value(points, "PendingCreationWorkerCount", 4, "PreInitCapacity"), 2);
  EXPECT_EQ(value(points, "RunningWorkerCount", 4, "PreInitCapacity"), 0);
  EXPECT_EQ(value(points, "CPUAllocated", 4, "PreInitCapacity"), -1);
  EXPECT_EQ(value(points, "MaxMemoryAllowed", 2), 300);
  EXPECT_EQ(value(points, "MaxStorageAllowed", 2), -1);  // no limit
  EXPECT_EQ(value(points, "RunningJobs", 2), 1);
  EXPECT_EQ(value(points, "SuccessJobs", 2), 3);
  EXPECT_EQ(value(points, "FailedJobs", 2), 0);
  EXPECT_EQ(value(points, "WorkerMemoryAllocated", 4, "00run"), 64);

  application.runs[0].status.state = RunState::kScheduled;
  const auto before = measure_application(application, {}, {}, {}, base::from_millis(0));
  EXPECT_EQ(value(before, "RunningWorkerCount", 4, "Spark_Executor"), 0);
  EXPECT_EQ(value(before, "PendingCreationWorkerCount", 4, "Spark_Executor"), 3);
}

TEST(ServerlessMeters, say_what_a_run_used_and_nothing_that_is_not_known) {
  const nodes::NodeUsage before{base::Millis(1000), 1ull << 30, 100, 200};
  const nodes::NodeUsage after{base::Millis(91'000), 3ull << 30, 150, 1200};
  const base::Millis minute(60'000);
  const RunUse used = use_between(before, after, minute);
  EXPECT_EQ(used.memory_gb, 3);
  ASSERT_TRUE(used.since);
  EXPECT_EQ(used.since->vcpu, 1.5);
  EXPECT_EQ(used.since->read_bytes, 50);
  EXPECT_EQ(used.since->written_bytes, 1000);
  EXPECT_FALSE(use_between(std::nullopt, after, minute).since);
  EXPECT_FALSE(use_between(after, before, minute).since);  // something of it has ended

  serverless::Application application;
  application.key = {"000000000000", "us-east-1", "00app"};
  serverless::JobRun run;
  run.id = "00run";
  run.status.state = RunState::kRunning;
  application.runs = {run};
  const auto points = measure_application(application, {}, {{"00run", used}}, {}, base::Time());
  EXPECT_EQ(value(points, "WorkerCpuUsed", 4, "00run"), 1.5);
  EXPECT_EQ(value(points, "WorkerMemoryUsed", 4, "00run"), 3);
  EXPECT_EQ(value(points, "WorkerStorageWriteBytes", 4, "00run"), 1000);
  const auto first =
      measure_application(application, {}, {{"00run", {3, 1.5, {}}}}, {}, base::Time());
  EXPECT_EQ(value(first, "WorkerMemoryUsed", 4, "00run"), 3);
  EXPECT_EQ(value(first, "WorkerCpuUsed", 4, "00run"), -1);
  EXPECT_EQ(value(first, "WorkerEphemeralStorageUsed", 4, "00run"), 1.5);
  EXPECT_EQ(value(points, "WorkerEphemeralStorageUsed", 4, "00run"), -1);
  EXPECT_EQ(
      value(measure_application(application, {}, {}, {}, base::Time()), "WorkerMemoryUsed", 4), -1);
}

}  // namespace
}  // namespace howdah::control
