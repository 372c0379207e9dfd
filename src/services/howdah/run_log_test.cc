#include "services/howdah/run_log.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/ids.h"
#include "nodes/fake/provider.h"

namespace howdah::services {
namespace {

const std::string kInside = "/mnt/var/log/howdah/00run/SPARK_DRIVER";
constexpr const char* kNode = "00app/00run-1";

class RunLogTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-run-log-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_);
    store_ = std::move(store::ServerlessStore::open(folder_ / "serverless.db", clock_)).value();
    ASSERT_TRUE(store_->create_application(key_, {}, "").ok());
    serverless::JobRun run;
    run.id = "00run";
    ASSERT_TRUE(store_
                    ->start_run(key_, run, "",
                                [](const store::ApplicationRow&, size_t) { return base::ok(); })
                    .ok());
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// As control would.
  void change(const std::function<void(serverless::RunStatus&)>& change) {
    const auto loaded = store_->load(key_);
    ASSERT_TRUE(loaded.ok());
    serverless::Application next = loaded->application;
    change(next.runs.front().status);
    ASSERT_TRUE(store_->commit(*loaded, next, {}).ok());
  }
  void run_in_node() {
    change([](serverless::RunStatus& status) {
      status.state = serverless::RunState::kRunning;
      status.node = kNode;
    });
  }
  void end() {
    change([](serverless::RunStatus& status) {
      status.state = serverless::RunState::kSuccess;
      status.node.clear();
    });
  }
  void keep(const std::string& text) {
    const gzFile file = ::gzopen((folder_ / "stdout.gz").c_str(), "wb");
    ASSERT_EQ(::gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    ASSERT_EQ(::gzclose(file), Z_OK);
  }
  RunLog log(int attempt = 1) {
    return RunLog(*store_, nodes_, {key_, "00run", attempt, "stdout"}, {kInside, folder_});
  }
  static std::string read(RunLog& log, uint64_t offset = 0) {
    std::string out(1000, '\0');
    const auto got = log.read(out, offset);
    EXPECT_TRUE(got.ok());
    out.resize(got.ok() ? *got : 0);
    return out;
  }

  base::FakeClock clock_;
  nodes::FakeProvider nodes_{clock_};
  std::filesystem::path folder_;
  std::unique_ptr<store::ServerlessStore> store_;
  const serverless::Key key_{"0", "r", "00app"};
};

TEST_F(RunLogTest, WhileItRunsTheNodesOwnIsRead) {
  RunLog waiting = log();
  EXPECT_FALSE(waiting.open(true));
  EXPECT_FALSE(waiting.is_over());
  EXPECT_EQ(read(waiting), "");
  run_in_node();
  nodes_.write(kNode, kInside + "/stdout", "one\ntwo\n");
  keep("one\n");
  ASSERT_TRUE(waiting.open(false));
  EXPECT_EQ(read(waiting), "one\ntwo\n");
  end();
  EXPECT_TRUE(waiting.is_over());
  EXPECT_EQ(read(waiting, 4), "two\n") << "who has it open reads it to its end";
}

TEST_F(RunLogTest, AfterwardsTheCopyIsReadFromAnyOffset) {
  run_in_node();
  keep("one\ntwo\n");
  end();
  RunLog kept = log();
  EXPECT_FALSE(kept.open(false));
  ASSERT_TRUE(kept.open(true));
  EXPECT_EQ(read(kept), "one\ntwo\n");
  EXPECT_EQ(read(kept, 8), "");
  EXPECT_EQ(read(kept, 4), "two\n");
  EXPECT_EQ(read(kept, 100), "");
}

TEST_F(RunLogTest, ACopyThatIsCutShortIsAnError) {
  keep(base::RandomIds().token(base::kLowerAlnum, 400));
  std::filesystem::resize_file(folder_ / "stdout.gz", 60);
  RunLog kept = log();
  ASSERT_TRUE(kept.open(true));
  std::string into(1000, '\0');
  const auto some = kept.read(into, 0);
  EXPECT_FALSE(some.ok() && kept.read(into, *some).ok());
}

TEST_F(RunLogTest, AnAttemptThatWasFollowedByAnotherIsOver) {
  run_in_node();
  nodes_.write(kNode, kInside + "/stdout", "first\n");
  change([](serverless::RunStatus& status) {
    serverless::Attempt next;
    next.number = 2;
    status.attempts.push_back(next);
    status.node = "00app/00run-2";
  });
  EXPECT_TRUE(log().is_over());
  EXPECT_FALSE(log().open(false)) << "its node is no longer the run's";
  EXPECT_FALSE(log(2).is_over());
}

}  // namespace
}  // namespace howdah::services
