#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "control/jobs/host.h"

namespace howdah::control {
namespace {

namespace fs = std::filesystem;

class LocalHostTest : public testing::Test {
 protected:
  LocalHostTest() : proc_(fs::path(testing::TempDir()) / ("proc-" + std::to_string(::getpid()))) {
    fs::create_directories(proc_);
    write("meminfo", "MemTotal:       2048 kB\nMemFree:  1 kB\nMemAvailable:   1024 kB\n");
  }
  ~LocalHostTest() override { fs::remove_all(proc_); }

  void write(const char* name, const std::string& text) { std::ofstream(proc_ / name) << text; }
  // So many seconds after the host's start, in which all processors together were so long idle.
  void spend(uint64_t seconds, double idle) {
    all_ += seconds * 100 * cpus_;
    idle_ += static_cast<uint64_t>(static_cast<double>(seconds * 100 * cpus_) * idle);
    write("stat", "cpu  " + std::to_string(all_ - idle_) + " 0 0 " + std::to_string(idle_) +
                      " 0 0 0 0 7 7\ncpu0 1 2 3 4\n");
  }

  const uint64_t cpus_ = std::max(1u, std::thread::hardware_concurrency());
  const apps::InstanceTypes types_;
  fs::path proc_;
  uint64_t all_ = 0, idle_ = 0;
};

TEST_F(LocalHostTest, tells_memory_and_the_cores_that_nothing_used_lately) {
  const double cpus = static_cast<double>(cpus_);
  spend(1000, 0.9);
  const auto host = make_local_host(types_, proc_);
  EXPECT_EQ(host->total_memory(), 2048u * 1024);
  EXPECT_EQ(host->available_memory(), 1024u * 1024);
  EXPECT_EQ(host->idle_cpus(), cpus) << "not known yet";
  spend(2, 0.25);
  EXPECT_NEAR(host->idle_cpus(), cpus * 0.25, 0.01);
  spend(2, 1);
  EXPECT_NEAR(host->idle_cpus(), cpus, 0.01) << "what was before that does not count";
  fs::remove(proc_ / "stat");
  EXPECT_EQ(host->idle_cpus(), cpus);
}

}  // namespace
}  // namespace howdah::control
