#include "store/control/serverless_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/ids.h"

namespace howdah::store {
namespace {

using serverless::ApplicationState;
using serverless::Event;
using serverless::JobRun;
using serverless::Key;
using serverless::RunState;

class ServerlessStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-serverless-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_);
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    store_.reset();
    store_ = std::move(ServerlessStore::open(folder_ / "serverless.db", clock_)).value();
  }

  static Key key(const std::string& id) { return {"0", "r", id}; }

  base::Result<ApplicationRow> create(const std::string& id, const std::string& token = "",
                                      const std::string& name = "etl") {
    serverless::WantedApplication wanted;
    wanted.name = name;
    wanted.request["name"] = name;
    return store_->create_application(key(id), wanted, token);
  }

  base::Result<JobRun> start(const std::string& application, const std::string& id,
                             const std::string& token = "", const std::string& mode = "BATCH") {
    JobRun run;
    run.id = id;
    run.wanted.mode = mode;
    run.wanted.request["mode"] = mode;
    return store_->start_run(key(application), run, token,
                             [](const ApplicationRow&, size_t) { return base::ok(); });
  }

  // What control writes: the run moves on.
  void move(const std::string& application, const std::string& id, std::vector<RunState> states) {
    const auto before = std::move(store_->load(key(application))).value();
    serverless::Application next = before.application;
    std::vector<Event> events;
    for (JobRun& run : next.runs) {
      if (run.id != id) continue;
      for (RunState to : states) serverless::advance(run, to, "", clock_.now(), events);
    }
    ASSERT_TRUE(store_->commit(before, next, events).ok());
  }

  std::vector<std::string> run_ids(const RunFilter& filter) {
    std::vector<std::string> out;
    const auto page = std::move(store_->runs(key("a"), filter, "", 50)).value();
    for (const JobRun& run : page.rows) out.push_back(run.id);
    return out;
  }

  std::filesystem::path folder_;
  base::FakeClock clock_;
  std::unique_ptr<ServerlessStore> store_;
};

TEST_F(ServerlessStoreTest, WhatWasAcknowledgedIsThereAfterAReopening) {
  ASSERT_TRUE(create("a", "token").ok());
  ASSERT_TRUE(start("a", "r1", "run-token").ok());
  ASSERT_TRUE(store_->warn(key("a"), "r1", "no effect").ok());
  open();
  const auto row = store_->application(key("a"));
  EXPECT_EQ(row->wanted.name, "etl");
  EXPECT_EQ(row->status.state, ApplicationState::kCreating);
  EXPECT_EQ(row->status.created, clock_.now());
  const auto run = store_->run(key("a"), "r1");
  EXPECT_EQ(run->status.state, RunState::kSubmitted);
  EXPECT_EQ(run->status.attempts.size(), 1u);
  EXPECT_EQ(create("b", "token")->key.id, "a") << "the tokens too";
  EXPECT_EQ(start("a", "r2", "run-token")->id, "r1");
  const auto events = store_->events(key("a"), 0, 10);
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ(events->back().event.kind, "warning");
  EXPECT_EQ(events->back().event.subject, "r1");
}

TEST_F(ServerlessStoreTest, WhatIsNotThereIsNotFound) {
  ASSERT_TRUE(create("a").ok());
  EXPECT_EQ(store_->application(key("b")).error().code, base::Code::kNotFound);
  EXPECT_EQ(store_->application({"0", "other", "a"}).error().code, base::Code::kNotFound);
  EXPECT_EQ(store_->run(key("a"), "r1").error().code, base::Code::kNotFound);
  EXPECT_EQ(store_->runs(key("b"), {}, "", 5).error().code, base::Code::kNotFound);
  EXPECT_EQ(store_->load(key("b")).error().code, base::Code::kNotFound);
  EXPECT_EQ(start("b", "r1").error().code, base::Code::kNotFound);
}

TEST_F(ServerlessStoreTest, ATokenMakesOneApplicationAndRefusesAnotherRequest) {
  ASSERT_TRUE(create("a", "t").ok());
  EXPECT_EQ(create("b", "t")->key.id, "a");
  EXPECT_FALSE(store_->application(key("b")).ok());
  EXPECT_EQ(create("c", "t", "other").error().code, base::Code::kAlreadyExists);
  EXPECT_EQ(create("d", "u", "other")->key.id, "d");
  EXPECT_EQ(create("e")->key.id, "e") << "no token";
  EXPECT_EQ(create("f")->key.id, "f");
}

TEST_F(ServerlessStoreTest, ATokenStillAnswersItsApplicationAfterAnUpdate) {
  ASSERT_TRUE(create("a", "t").ok());
  ASSERT_TRUE(store_
                  ->change_application(key("a"),
                                       [](serverless::WantedApplication& w,
                                          const serverless::ApplicationStatus&, size_t) {
                                         w.request["name"] = "changed";
                                         return base::ok();
                                       })
                  .ok());
  EXPECT_EQ(create("b", "t")->key.id, "a");
}

TEST_F(ServerlessStoreTest, ATokenStartsOneRunOfItsApplication) {
  ASSERT_TRUE(create("a").ok());
  ASSERT_TRUE(create("b").ok());
  EXPECT_EQ(start("a", "r1", "t")->id, "r1");
  EXPECT_EQ(start("a", "r2", "t")->id, "r1");
  EXPECT_EQ(start("a", "r3", "t", "STREAMING").error().code, base::Code::kAlreadyExists);
  EXPECT_EQ(start("b", "r4", "t")->id, "r4") << "another application";
  EXPECT_EQ(run_ids({}), (std::vector<std::string>{"r1"}));
}

TEST_F(ServerlessStoreTest, ACheckSeesUnfinishedRunsAndMayRefuse) {
  ASSERT_TRUE(create("a").ok());
  ASSERT_TRUE(start("a", "r1").ok());
  ASSERT_TRUE(start("a", "r2").ok());
  move("a", "r1", {RunState::kCancelled});
  size_t seen = 0;
  const auto refused =
      store_->start_run(key("a"), {}, "", [&](const ApplicationRow&, size_t n) -> base::Status {
        seen = n;
        return base::invalid_argument("no");
      });
  EXPECT_EQ(refused.error().message, "no");
  EXPECT_EQ(seen, 1u);
  const auto kept = store_->change_application(
      key("a"),
      [&](serverless::WantedApplication& w, const serverless::ApplicationStatus&,
          size_t unfinished) -> base::Status {
        w.deleted = true;
        return unfinished > 0 ? base::Status(base::invalid_argument("runs")) : base::ok();
      });
  EXPECT_EQ(kept.error().message, "runs");
  EXPECT_FALSE(store_->application(key("a"))->wanted.deleted);
}

TEST_F(ServerlessStoreTest, EveryWriteToAnApplicationOrItsRunsAbortsAnOlderDecision) {
  ASSERT_TRUE(create("a").ok());
  ASSERT_TRUE(start("a", "r1").ok());
  const std::function<void()> writes[] = {
      [&] { ASSERT_TRUE(start("a", "r2").ok()); },
      [&] {
        ASSERT_TRUE(store_
                        ->change_run(key("a"), "r1",
                                     [](serverless::WantedRun& w, const serverless::RunStatus&) {
                                       w.cancel = true;
                                       return base::ok();
                                     })
                        .ok());
      },
      [&] {
        ASSERT_TRUE(store_
                        ->change_application(key("a"),
                                             [](serverless::WantedApplication& w,
                                                const serverless::ApplicationStatus&, size_t) {
                                               ++w.starts;
                                               return base::ok();
                                             })
                        .ok());
      },
      [&] { move("a", "r2", {RunState::kPending}); }};
  for (const auto& write : writes) {
    const auto loaded = std::move(store_->load(key("a"))).value();
    store_->changes().take(base::Millis(0), {});
    write();
    EXPECT_EQ(store_->changes().take(base::Millis(0), {}).size(), 1u);
    serverless::Application next = loaded.application;
    std::vector<Event> events;
    serverless::advance(next, ApplicationState::kCreated, "", clock_.now(), events);
    EXPECT_EQ(store_->commit(loaded, next, events).error().code, base::Code::kAborted);
  }
  EXPECT_EQ(store_->application(key("a"))->status.state, ApplicationState::kCreating);
  EXPECT_TRUE(store_->run(key("a"), "r1")->wanted.cancel);
}

TEST_F(ServerlessStoreTest, ACommitWritesWhatDiffersAndNothingElse) {
  ASSERT_TRUE(create("a").ok());
  ASSERT_TRUE(start("a", "r1").ok());
  const auto loaded = std::move(store_->load(key("a"))).value();
  ASSERT_TRUE(store_->commit(loaded, loaded.application, {}).ok());
  EXPECT_EQ(store_->load(key("a"))->version, loaded.version);
  move("a", "r1", {RunState::kPending, RunState::kScheduled, RunState::kRunning});
  EXPECT_EQ(store_->run(key("a"), "r1")->status.state, RunState::kRunning);
  EXPECT_EQ(store_->load(key("a"))->application.runs.size(), 1u);
  move("a", "r1", {RunState::kSuccess});
  EXPECT_TRUE(store_->load(key("a"))->application.runs.empty()) << "ended ones are not loaded";
  EXPECT_EQ(store_->run(key("a"), "r1")->status.state, RunState::kSuccess);
  EXPECT_EQ(store_->events(key("a"), 0, 50)->back().event.state, "SUCCESS");
}

TEST_F(ServerlessStoreTest, PagesFollowEachOtherWithoutGapsOrRepeats) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(create("a" + std::to_string(i)).ok());
    ASSERT_TRUE(start("a0", "r" + std::to_string(i)).ok());
    if (i % 2) clock_.advance(base::Millis(1));
  }
  std::vector<std::string> seen;
  std::string marker;
  do {
    const auto page = store_->applications("0", "r", {}, marker, 3);
    for (const auto& row : page->rows) seen.push_back(row.key.id);
    marker = page->next;
  } while (!marker.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"a6", "a4", "a5", "a2", "a3", "a0", "a1"}));
  seen.clear();
  do {
    const auto page = store_->runs(key("a0"), {}, marker, 3);
    for (const auto& run : page->rows) seen.push_back(run.id);
    marker = page->next;
  } while (!marker.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"r6", "r5", "r4", "r3", "r2", "r1", "r0"}));
  EXPECT_EQ(store_->applications("0", "r", {}, "zz", 3).error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(store_->runs(key("a0"), {}, "zz", 3).error().code, base::Code::kInvalidArgument);
  EXPECT_TRUE(store_->applications("0", "other", {}, "", 3)->rows.empty());
}

TEST_F(ServerlessStoreTest, ListsAreFilteredByStateTimeAndMode) {
  ASSERT_TRUE(create("a").ok());
  ASSERT_TRUE(start("a", "old").ok());
  clock_.advance(base::Millis(1000));
  const base::Time middle = clock_.now();
  ASSERT_TRUE(start("a", "streaming", "", "STREAMING").ok());
  clock_.advance(base::Millis(1000));
  ASSERT_TRUE(start("a", "new").ok());
  move("a", "new", {RunState::kPending});
  using Ids = std::vector<std::string>;
  EXPECT_EQ(run_ids({{}, {}, {RunState::kPending}, ""}), Ids{"new"});
  EXPECT_EQ(run_ids({{}, {}, {RunState::kSubmitted, RunState::kPending}, "BATCH"}),
            (Ids{"new", "old"}));
  EXPECT_EQ(run_ids({middle, {}, {}, ""}), (Ids{"new", "streaming"}));
  EXPECT_EQ(run_ids({{}, middle, {}, ""}), (Ids{"streaming", "old"}));
  EXPECT_EQ(run_ids({{}, {}, {}, "STREAMING"}), Ids{"streaming"});
  EXPECT_EQ(store_->applications("0", "r", {ApplicationState::kCreating}, "", 5)->rows.size(), 1u);
  EXPECT_TRUE(store_->applications("0", "r", {ApplicationState::kStarted}, "", 5)->rows.empty());
}

TEST_F(ServerlessStoreTest, WhatIsOldExpires) {
  ASSERT_TRUE(create("a").ok());
  ASSERT_TRUE(create("b").ok());
  ASSERT_TRUE(start("a", "r1").ok());
  ASSERT_TRUE(start("a", "r2").ok());
  move("a", "r1", {RunState::kCancelled});
  const auto before = std::move(store_->load(key("b"))).value();
  serverless::Application next = before.application;
  std::vector<Event> events;
  serverless::advance(next, ApplicationState::kCreated, "", clock_.now(), events);
  serverless::advance(next, ApplicationState::kTerminated, "", clock_.now(), events);
  ASSERT_TRUE(store_->commit(before, next, events).ok());
  EXPECT_EQ(store_->unfinished()->size(), 1u);
  clock_.advance(std::chrono::hours(24 * 30));
  EXPECT_TRUE(store_->expire(clock_.now())->empty());
  EXPECT_TRUE(store_->application(key("b")).ok());
  clock_.advance(base::Millis(1));
  const auto gone = store_->expire(clock_.now());
  ASSERT_EQ(gone->size(), 1u);
  EXPECT_EQ((*gone)[0], std::pair(key("a"), std::string("r1")));
  EXPECT_EQ(run_ids({}), std::vector<std::string>{"r2"}) << "it has not ended";
  EXPECT_FALSE(store_->application(key("b")).ok());
  EXPECT_TRUE(store_->application(key("a")).ok());
  EXPECT_EQ(start("a", "r3")->sequence, 3) << "numbers are not given twice";
}

}  // namespace
}  // namespace howdah::store
