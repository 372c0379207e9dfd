#include "control/serverless/history_servers.h"

#include <gtest/gtest.h>

#include "base/ids.h"
#include "nodes/fake/provider.h"

namespace howdah::control {
namespace {

const serverless::Key kApplication{"000000000000", "us-east-1", "00app"};

class Engines final : public SparkEngines {
 public:
  InstallationSeen look(const std::string&) override { return {}; }
  base::Status install(const std::string&) override { return base::ok(); }
  base::Result<RunSetup> setup(const serverless::Application&, const serverless::JobRun&,
                               const serverless::SparkSettings&) override {
    return base::internal("not asked for");
  }
  base::Result<RunSetup> master_setup(const serverless::Application&,
                                      const serverless::JobRun&) override {
    return base::unavailable("not asked for");
  }
  base::Result<RunSetup> worker_setup(const serverless::Application&, const serverless::JobRun&,
                                      const serverless::SparkSettings&, int) override {
    return base::unavailable("not asked for");
  }
  base::Result<RunSetup> warm_setup(const WarmKey&) override {
    return base::internal("not asked for");
  }
  base::Result<RunSetup> history_setup(const std::string& label, const std::filesystem::path& logs,
                                       uint16_t) override {
    label_ = label;
    RunSetup out;
    out.node.mounts.push_back({logs, "/logs", true});
    out.process.id = "history";
    return out;
  }
  std::string label_;
};

class HistoryServersTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-history-" + base::RandomIds().token(base::kLowerAlnum, 10));
    for (const char* logs : {"00app/00a/sparklogs", "00app/00b/sparklogs", "00app/00c/sparklogs",
                             "00app/00a/attempts/2/sparklogs"})
      std::filesystem::create_directories(folder_ / logs);
    servers_ = std::make_unique<HistoryServers>(engines_, nodes_, clock_,
                                                HistoryServers::Options{.logs = folder_});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  base::Result<HistoryServers::Place> ensure(const std::string& run, int attempt = 1) {
    return servers_->ensure(kApplication, run, attempt, "emr-7.10.0");
  }
  std::vector<std::string> nodes() {
    std::vector<std::string> out;
    const auto all = nodes_.list();
    for (const nodes::NodeSeen& node : *all) out.push_back(node.id);
    return out;
  }

  std::filesystem::path folder_;
  base::FakeClock clock_;
  nodes::FakeProvider nodes_{clock_};
  Engines engines_;
  std::unique_ptr<HistoryServers> servers_;
};

TEST_F(HistoryServersTest, AnAttemptHasOneOverItsOwnLogs) {
  const auto first = ensure("00a"), again = ensure("00a"), second = ensure("00a", 2);
  ASSERT_TRUE(first.ok() && again.ok() && second.ok());
  EXPECT_EQ(first->node, again->node);
  EXPECT_NE(first->node, second->node);
  EXPECT_EQ(nodes_.started().size(), 2u);
  EXPECT_EQ(engines_.label_, "emr-7.10.0");
}

TEST_F(HistoryServersTest, WithoutALogThereIsNone) {
  EXPECT_EQ(ensure("00z").error().code, base::Code::kNotFound);
  EXPECT_EQ(ensure("00b", 2).error().code, base::Code::kNotFound);
  EXPECT_TRUE(nodes().empty());
}

TEST_F(HistoryServersTest, TheOneThatNobodyLooksAtMakesRoom) {
  ASSERT_TRUE(ensure("00a").ok());
  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(ensure("00b").ok());
  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(ensure("00a").ok());
  ASSERT_TRUE(ensure("00c").ok());
  EXPECT_EQ(nodes(), (std::vector<std::string>{"history/00a-1", "history/00c-1"}));
}

TEST_F(HistoryServersTest, AnIdleOneEnds) {
  ASSERT_TRUE(ensure("00a").ok());
  clock_.advance(std::chrono::minutes(9));
  ASSERT_TRUE(ensure("00b").ok());
  clock_.advance(std::chrono::minutes(2));
  servers_->tend();
  EXPECT_EQ(nodes(), std::vector<std::string>{"history/00b-1"});
}

TEST_F(HistoryServersTest, OneThatEndedIsToldOfOnceAndStartedAgain) {
  const auto place = ensure("00a");
  ASSERT_TRUE(place.ok());
  EXPECT_FALSE(place->late);
  nodes_.finish(place->node, "history", 52);
  const auto gone = ensure("00a");
  ASSERT_FALSE(gone.ok());
  EXPECT_NE(gone.error().message.find("exit code 52"), std::string::npos);
  EXPECT_TRUE(ensure("00a").ok());
  clock_.advance(std::chrono::minutes(4));
  EXPECT_TRUE(ensure("00a")->late);
}

TEST_F(HistoryServersTest, WhatAnEarlierServerLeftEndsAndNothingElse) {
  for (const char* id : {"history/00a-1", "00app/00a-1"}) {
    nodes::NodeSpec spec;
    spec.id = id;
    ASSERT_TRUE(nodes_.ensure(spec).ok());
  }
  ASSERT_TRUE(servers_->start().ok());
  EXPECT_EQ(nodes(), std::vector<std::string>{"00app/00a-1"});
  ASSERT_TRUE(ensure("00b").ok());
  servers_->stop();
  EXPECT_EQ(nodes(), std::vector<std::string>{"00app/00a-1"});
}

}  // namespace
}  // namespace howdah::control
