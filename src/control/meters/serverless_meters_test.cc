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
  const auto points =
      measure_application(application, {{RunState::kSuccess, 3}}, base::from_millis(0));
  EXPECT_EQ(value(points, "CPUAllocated", 2), 16);
  EXPECT_EQ(value(points, "CPUAllocated", 4, "Spark_Driver"), 4);
  EXPECT_EQ(value(points, "CPUAllocated", 4, "Spark_Executor"), 12);
  EXPECT_EQ(value(points, "RunningWorkerCount", 4, "Spark_Executor"), 3);
  EXPECT_EQ(value(points, "MaxMemoryAllowed", 2), 300);
  EXPECT_EQ(value(points, "MaxStorageAllowed", 2), -1);  // no limit
  EXPECT_EQ(value(points, "RunningJobs", 2), 1);
  EXPECT_EQ(value(points, "SuccessJobs", 2), 3);
  EXPECT_EQ(value(points, "FailedJobs", 2), 0);
  EXPECT_EQ(value(points, "WorkerMemoryAllocated", 4, "00run"), 64);
}

}  // namespace
}  // namespace howdah::control
