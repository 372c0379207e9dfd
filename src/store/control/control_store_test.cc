#include "store/control/control_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/ids.h"

namespace howdah::store {
namespace {

class ControlStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-control-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_);
    store_ = std::move(ControlStore::open(folder_ / "control.db", clock_)).value();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  static NewStep step(const std::string& id) {
    NewStep out;
    out.step.id = id;
    out.step.name = id;
    out.step.on_failure = cluster::OnFailure::kContinue;
    out.step.jar = {"command-runner.jar", "", {"true"}, {}};
    return out;
  }

  base::JsonObject create(const std::string& id, std::vector<NewStep> steps = {},
                          Retry retry = {}) {
    cluster::Wanted wanted;
    wanted.name = id;
    return std::move(store_->create_cluster({"0", "r", id}, wanted, {{"Name", id}}, steps, retry,
                                            {{"JobFlowId", id}}))
        .value();
  }

  std::filesystem::path folder_;
  base::FakeClock clock_;
  std::unique_ptr<ControlStore> store_;
};

TEST_F(ControlStoreTest, WhatWasWrittenIsReadBack) {
  create("j-1", {step("s-1"), step("s-2")});
  const auto row = store_->cluster({"0", "r", "j-1"});
  EXPECT_EQ(base::text_at(row->request, "Name"), "j-1");
  EXPECT_EQ(row->status.state, cluster::State::kStarting);
  EXPECT_EQ(store_->steps({"0", "r", "j-1"}, {}, {}, "", 50)->rows[0].step.id, "s-2")
      << "newest first";
  EXPECT_EQ(store_->cluster({"0", "r", "j-2"}).error().code, base::Code::kNotFound);
  EXPECT_EQ(store_->cluster({"0", "other", "j-1"}).error().code, base::Code::kNotFound);
}

TEST_F(ControlStoreTest, ARetryOfTheSameCallGetsTheSameAnswerAndWritesNothing) {
  const Retry retry{"me", "RunJobFlow", "abc", "hash"};
  create("j-1", {}, retry);
  EXPECT_EQ(base::text_at(create("j-2", {}, retry), "JobFlowId"), "j-1");
  EXPECT_FALSE(store_->cluster({"0", "r", "j-2"}).ok());
  clock_.advance(std::chrono::minutes(16));
  EXPECT_EQ(base::text_at(create("j-3", {}, retry), "JobFlowId"), "j-3");
}

TEST_F(ControlStoreTest, AChangeIsMadeOnceHoweverOftenItsCallIsRetried) {
  create("j-1");
  const cluster::Key key{"0", "r", "j-1"};
  const Retry retry{"me", "AddInstanceGroups", "abc", "hash"};
  const auto grow = [](cluster::Wanted& wanted, const cluster::Status&) {
    ++wanted.step_concurrency;
    return base::ok();
  };
  for (const char* id : {"ig-1", "ig-2"}) {
    const auto answer = store_->change_wanted_once(key, grow, retry, {{"Id", id}});
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(base::text_at(*answer, "Id"), "ig-1");
  }
  EXPECT_EQ(store_->cluster(key)->wanted.step_concurrency, 2);
  ASSERT_TRUE(store_->change_wanted_once(key, grow, {}, {}).ok());
  EXPECT_EQ(store_->cluster(key)->wanted.step_concurrency, 3);
}

TEST_F(ControlStoreTest, ACommitOnAChangedRowIsAborted) {
  create("j-1");
  const cluster::Key key{"0", "r", "j-1"};
  const auto loaded = store_->load(key);
  ASSERT_TRUE(store_
                  ->change_wanted({key},
                                  [](cluster::Wanted& w, const cluster::Status&) {
                                    w.terminate = "user";
                                    return base::ok();
                                  })
                  .ok());
  cluster::Cluster next = loaded->cluster;
  std::vector<cluster::Event> events;
  cluster::advance(next, cluster::State::kBootstrapping, {}, clock_.now(), events);
  EXPECT_EQ(store_->commit(*loaded, next, events).error().code, base::Code::kAborted);
  EXPECT_EQ(store_->cluster(key)->status.state, cluster::State::kStarting);
  EXPECT_TRUE(store_->commit(*store_->load(key), next, events).ok());
  EXPECT_EQ(store_->cluster(key)->status.state, cluster::State::kBootstrapping);
  EXPECT_EQ(store_->events(key, 0, 10)->back().event.state, "BOOTSTRAPPING");
}

TEST_F(ControlStoreTest, ARefusalChangesNoneOfThem) {
  create("j-1");
  create("j-2");
  int calls = 0;
  EXPECT_FALSE(store_
                   ->change_wanted({{"0", "r", "j-1"}, {"0", "r", "j-2"}},
                                   [&](cluster::Wanted& w, const cluster::Status&) -> base::Status {
                                     w.terminate = "user";
                                     if (++calls == 2) return base::invalid_argument("protected");
                                     return base::ok();
                                   })
                   .ok());
  EXPECT_EQ(store_->cluster({"0", "r", "j-1"})->wanted.terminate, "");
}

TEST_F(ControlStoreTest, PagesFollowEachOtherWithoutGapsOrRepeats) {
  for (int i = 0; i < 7; ++i) {
    create("j-" + std::to_string(i));
    if (i % 2) clock_.advance(base::Millis(1));
  }
  std::vector<std::string> seen;
  std::string marker;
  do {
    auto page = store_->clusters("0", "r", {}, marker, 3);
    for (const auto& row : page->rows) seen.push_back(row.key.id);
    marker = page->next;
  } while (!marker.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"j-6", "j-4", "j-5", "j-2", "j-3", "j-0", "j-1"}));
  EXPECT_FALSE(store_->clusters("0", "r", {}, "zz", 3).ok());
}

TEST_F(ControlStoreTest, EndedStepsAreNoLongerLoaded) {
  create("j-1", {step("s-1"), step("s-2")});
  const cluster::Key key{"0", "r", "j-1"};
  const auto loaded = store_->load(key);
  cluster::Cluster next = loaded->cluster;
  std::vector<cluster::Event> events;
  cluster::advance(next.steps[0], cluster::StepState::kCancelled, "", clock_.now(), events);
  ASSERT_TRUE(store_->commit(*loaded, next, events).ok());
  EXPECT_EQ(store_->load(key)->cluster.steps.size(), 1u);
  EXPECT_EQ(store_->steps(key, {}, {cluster::StepState::kCancelled}, "", 50)->rows.size(), 1u);
}

TEST_F(ControlStoreTest, ChangesWakeThoseWhoWait) {
  create("j-1");
  const cluster::Key key{"0", "r", "j-1"};
  EXPECT_EQ(store_->changes().take(base::Millis(0), {}).size(), 1u);
  EXPECT_TRUE(store_->changes().take(base::Millis(0), {}).empty());
  const uint64_t seen = store_->changes().generation(key);
  EXPECT_FALSE(store_->changes().wait_beyond(key, seen, base::Millis(1)));
  store_->changes().notify(key);
  EXPECT_TRUE(store_->changes().wait_beyond(key, seen, base::Millis(0)));
}

TEST_F(ControlStoreTest, WhatIsOldExpires) {
  create("j-1", {step("s-1")});
  const cluster::Key key{"0", "r", "j-1"};
  const auto loaded = store_->load(key);
  cluster::Cluster next = loaded->cluster;
  std::vector<cluster::Event> events;
  cluster::advance(next, cluster::State::kTerminating, {"USER_REQUEST", ""}, clock_.now(), events);
  cluster::advance(next, cluster::State::kTerminated, {"USER_REQUEST", ""}, clock_.now(), events);
  ASSERT_TRUE(store_->commit(*loaded, next, events).ok());
  ASSERT_TRUE(store_->expire(clock_.now() + std::chrono::hours(24 * 30)).ok());
  EXPECT_TRUE(store_->cluster(key).ok());
  ASSERT_TRUE(store_->expire(clock_.now() + std::chrono::hours(24 * 70)).ok());
  EXPECT_FALSE(store_->cluster(key).ok());
}

}  // namespace
}  // namespace howdah::store
