#include "control/serverless/run_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/ids.h"
#include "nodes/fake/provider.h"
#include "objects/s3_store.h"

namespace howdah::control {
namespace {

using testing::ElementsAre;

class RunLogsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-run-logs-" + ids_.token(base::kLowerAlnum, 10));
    objects::S3Store::Options options;
    options.folder = folder_ / "objects";
    options.clock = &clock_;
    options.ids = &ids_;
    std::filesystem::create_directories(options.folder);
    objects_ = std::move(objects::S3Store::open(options)).value();
    application_.key = {"000000000000", "us-east-1", "00app"};
    run_.id = "00run";
    nodes::NodeSpec spec;
    spec.id = kNode;
    ASSERT_TRUE(nodes_.ensure(spec).ok());
    logs_ = make_run_logs({*objects_, nodes_, folder_ / "kept"});
  }
  void TearDown() override {
    objects_.reset();
    std::filesystem::remove_all(folder_);
  }

  void event_log(const std::string& name) {
    nodes_.write(kNode, "/mnt/var/log/spark/apps/" + name, "{}\n");
  }
  /// The names of the event log of an attempt in the managed store.
  std::vector<std::string> shipped(int attempt = 1) {
    EXPECT_TRUE(
        logs_->ship(application_, run_, {application_.key, run_.id, attempt, kNode}, true).ok());
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(
             managed_folder(folder_ / "kept", application_.key, run_.id, attempt) / "sparklogs" /
             "eventlog_v2_00run"))
      out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
  }

  static constexpr const char* kNode = "00app/00run-1";
  base::RandomIds ids_;
  base::FakeClock clock_;
  nodes::FakeProvider nodes_{clock_};
  std::filesystem::path folder_;
  std::unique_ptr<objects::S3Store> objects_;
  serverless::Application application_;
  serverless::JobRun run_;
  std::unique_ptr<RunLogs> logs_;
};

TEST_F(RunLogsTest, AnEventLogIsKeptAsTheHistoryServerReadsIt) {
  event_log("local-17");
  EXPECT_THAT(shipped(), ElementsAre("appstatus_00run", "events_1_00run"));
  struct stat info {};
  ASSERT_EQ(::stat((managed_folder(folder_ / "kept", application_.key, run_.id) /
                    "sparklogs/eventlog_v2_00run/events_1_00run")
                       .c_str(),
                   &info),
            0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST_F(RunLogsTest, ACompressedEventLogSaysHow) {
  event_log("local-17.zstd.inprogress");
  EXPECT_THAT(shipped(), ElementsAre("appstatus_00run", "events_1_00run.zstd"));
}

TEST_F(RunLogsTest, TheFilesOfARollingEventLogKeepTheirNumbers) {
  event_log("eventlog_v2_local-17/appstatus_local-17.inprogress");
  event_log("eventlog_v2_local-17/events_1_local-17.lz4");
  event_log("eventlog_v2_local-17/events_2_local-17.lz4");
  EXPECT_THAT(shipped(),
              ElementsAre("appstatus_00run", "events_1_00run.lz4", "events_2_00run.lz4"));
}

TEST_F(RunLogsTest, LaterAttemptsHaveAFolderOfTheirOwn) {
  event_log("local-17");
  EXPECT_THAT(shipped(2), ElementsAre("appstatus_00run", "events_1_00run"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "kept/00app/00run/attempts/2/sparklogs"));
}

}  // namespace
}  // namespace howdah::control
