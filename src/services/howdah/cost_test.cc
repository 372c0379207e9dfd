#include "services/howdah/cost.h"

#include <gtest/gtest.h>

#include "base/ids.h"

namespace howdah::services {
namespace {

class CostTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    clusters_ = std::move(store::ControlStore::open(folder_ / "control.db", clock_)).value();
    runs_ = std::move(store::ServerlessStore::open(folder_ / "serverless.db", clock_)).value();
    prices_.region = "us-east-1";
    prices_.workers["X86_64"] = {0.5, 0.25, 0.125};
    for (const char* application : {"00app1", "00app2"}) {
      const serverless::Key key{"0", "r", application};
      ASSERT_TRUE(runs_->create_application(key, {}, "").ok());
      for (const char* end : {"a", "b"}) start(key, std::string("00run") + key.id.back() + end);
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// A run that has billed 2 hours of vCPU, 4 of a GB, and of disk 8.
  void start(const serverless::Key& key, const std::string& id) {
    serverless::JobRun run;
    run.id = id;
    ASSERT_TRUE(runs_
                    ->start_run(key, run, "",
                                [](const store::ApplicationRow&, size_t) { return base::ok(); })
                    .ok());
    const auto loaded = runs_->load(key);
    ASSERT_TRUE(loaded.ok());
    serverless::Application next = loaded->application;
    next.runs.back().status.billed = {2, 4, 8};
    ASSERT_TRUE(runs_->commit(*loaded, next, {}).ok());
  }
  base::Result<base::JsonObject> report(const std::string& id) {
    return CostReport({*clusters_, *runs_, types_, prices_, clock_, "0"}).report("r", id, "");
  }

  base::FakeClock clock_;
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("howdah-cost-" + base::RandomIds().token(base::kLowerAlnum, 10));
  std::unique_ptr<store::ControlStore> clusters_;
  std::unique_ptr<store::ServerlessStore> runs_;
  apps::InstanceTypes types_;
  apps::Prices prices_;
};

TEST_F(CostTest, AJobRunIsPricedByWhatItBilledAnApplicationByAllOfItsRuns) {
  const auto run = report("00run2a");
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(base::double_at(*run, "TotalUsd"), 3.0);
  const base::JsonObject& item = base::find_array(*run, "Items")->front().as_object();
  EXPECT_EQ(base::text_at(item, "Id"), "00run2a");
  EXPECT_EQ(base::text_at(item, "Kind"), "job run");
  EXPECT_EQ(base::double_at(item, "MemoryGbHours"), 4.0);
  EXPECT_EQ(base::double_at(*report("00app2"), "TotalUsd"), 6.0);
  EXPECT_EQ(base::double_at(*report(""), "TotalUsd"), 12.0);
}

TEST_F(CostTest, WhatIsNotThereHasNoPriceAndAStepHasNoneOfItsOwn) {
  EXPECT_EQ(report("00none").error().code, base::Code::kNotFound);
  EXPECT_EQ(report("s-1").error().code, base::Code::kInvalidArgument);
}

}  // namespace
}  // namespace howdah::services
