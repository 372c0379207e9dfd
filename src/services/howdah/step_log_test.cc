#include "services/howdah/step_log.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/ids.h"
#include "nodes/fake/provider.h"

namespace howdah::services {
namespace {

const std::string kSteps = "/mnt/var/log/hadoop/steps/s-1/";
const std::string kContainer =
    "/mnt/var/log/hadoop-yarn/containers/application_17_0001/container_17_0001_01_000001/";

class StepLogTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("howdah-step-log-" + base::RandomIds().token(base::kLowerAlnum, 10));
    std::filesystem::create_directories(folder_);
    store_ = std::move(store::ControlStore::open(folder_ / "control.db", clock_)).value();
    cluster::Wanted wanted;
    wanted.groups.resize(2);
    wanted.groups[0].id = "ig-1";
    wanted.groups[1].id = "ig-2";
    wanted.groups[1].role = cluster::Role::kCore;
    ASSERT_TRUE(store_->create_cluster(key_, wanted, {}, {}, {}, {}).ok());
    const auto loaded = store_->load(key_);
    ASSERT_TRUE(loaded.ok());
    cluster::Cluster next = loaded->cluster;
    for (int number = 0; number < 2; ++number) {
      cluster::Node node;
      node.number = number;
      node.instance_id = cluster::instance_id(next, number);
      node.group_id = wanted.groups[static_cast<size_t>(number)].id;
      next.status.nodes.push_back(node);
      ids_[number] = cluster::node_id(next, number);
    }
    ASSERT_TRUE(store_->commit(*loaded, next, {}).ok());
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string read(const std::string& file) {
    StepLog log(*store_, nodes_, key_, "s-1", file);
    const base::Fd& fd = log.open();
    std::string out(1000, '\0');
    const ssize_t got = fd.valid() ? ::pread(fd.get(), out.data(), out.size(), 0) : 0;
    out.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return out;
  }

  base::FakeClock clock_;
  nodes::FakeProvider nodes_{clock_};
  std::filesystem::path folder_;
  std::unique_ptr<store::ControlStore> store_;
  const cluster::Key key_{"0", "r", "j-1"};
  std::string ids_[2];
};

TEST_F(StepLogTest, InClientModeTheOutputIsTheStepsOwn) {
  nodes_.write(ids_[0], kSteps + "stdout", "mine\n");
  nodes_.write(ids_[0], kSteps + "stderr", "Submitted application application_17_0001\n");
  nodes_.write(ids_[1], kContainer + "stdout", "");
  EXPECT_EQ(read("stdout"), "mine\n");
  EXPECT_EQ(read("driver-stdout"), "");
}

TEST_F(StepLogTest, InClusterModeItIsTheFirstContainersWhereverThatRuns) {
  nodes_.write(ids_[0], kSteps + "stdout", "");
  EXPECT_EQ(read("stdout"), "");
  nodes_.write(ids_[0], kSteps + "stderr", "INFO Submitted application application_17_0001\n");
  nodes_.write(ids_[1], kContainer + "stdout", "Pi is roughly 3.14\n");
  nodes_.write(ids_[1], kContainer + "stderr", "INFO driver\n");
  EXPECT_EQ(read("stdout"), "Pi is roughly 3.14\n");
  EXPECT_EQ(read("driver-stderr"), "INFO driver\n");
  EXPECT_EQ(read("stderr"), "INFO Submitted application application_17_0001\n");
}

TEST_F(StepLogTest, TheCopyOutlivesTheContainer) {
  nodes_.write(ids_[0], kSteps + "stdout", "");
  nodes_.write(ids_[0], kSteps + "driver-stdout", "kept\n");
  EXPECT_EQ(read("stdout"), "") << "a copy without its marker is not whole";
  nodes_.write(ids_[0], kSteps + "driver", "application_17_0001 container_17_0001_01_000001\n");
  EXPECT_EQ(read("stdout"), "kept\n");
}

}  // namespace
}  // namespace howdah::services
