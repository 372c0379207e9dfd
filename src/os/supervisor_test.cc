#include "os/supervisor.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "os/file.h"

namespace howdah::os {
namespace {

using State = ProcessStatus::State;

// On the host, without a container: for what the server itself runs, such as an installation.
class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() {
    char name[] = "/tmp/howdah-run-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~SupervisorTest() override { EXPECT_TRUE(erase_tree(path_).ok()); }

  ProcessPlan shell(const std::string& script) const {
    ProcessPlan plan;
    plan.argv = {"sh", "-c", script};
    plan.environment = {{"PATH", "/usr/bin:/bin"}};
    plan.working_directory = path_;
    plan.stdout_path = path_ / "out";
    plan.stderr_path = path_ / "err";
    return plan;
  }
  ProcessStatus wait(const std::filesystem::path& run) const {
    base::SystemClock clock;
    for (int i = 0; i < 3000; ++i) {
      const auto status = Supervisor::look(run);
      if (status.state != State::kRunning) return status;
      clock.wait(base::Millis(10), {});
    }
    return {};
  }

  std::filesystem::path path_;
  Supervisor supervisor_{Launcher("test00", HOWDAH_SHIM)};
};

TEST_F(SupervisorTest, runs_once_and_keeps_how_it_ended) {
  const auto run = path_ / "run";
  EXPECT_EQ(Supervisor::look(run).state, State::kUnknown);
  ASSERT_TRUE(supervisor_.start(run, shell("echo x; echo $$; exit 4"), "install").ok());
  ASSERT_TRUE(supervisor_.start(run, shell("echo y"), "install").ok());
  const auto status = wait(run);
  EXPECT_EQ(status.state, State::kExited);
  EXPECT_EQ(status.exit_code, 4) << status.reason;
  EXPECT_EQ(read_file(path_ / "out").value(), "x\n2\n");
}

TEST_F(SupervisorTest, signals_reach_the_process_and_kill_ends_its_namespace) {
  const auto run = path_ / "run", other = path_ / "other";
  ASSERT_TRUE(supervisor_.start(run, shell("exec sleep 600"), "a").ok());
  ASSERT_TRUE(Supervisor::signal(run, StopSignal::kTerminate).ok());
  EXPECT_EQ(wait(run).signal, SIGTERM);
  ASSERT_TRUE(supervisor_.start(other, shell("trap '' TERM; sleep 600"), "b").ok());
  ASSERT_TRUE(Supervisor::signal(other, StopSignal::kKill).ok());
  EXPECT_EQ(wait(other).signal, SIGKILL);
}

TEST_F(SupervisorTest, the_tag_finds_what_runs) {
  ASSERT_TRUE(supervisor_.start(path_ / "run", shell("exec sleep 600"), "label of it").ok());
  bool found = false;
  for (const auto& shim : supervisor_.launcher().find_all())
    found = found || (shim.verb == "run" && shim.label == "label of it" &&
                      shim.argument == (path_ / "run").string());
  EXPECT_TRUE(found);
  EXPECT_TRUE(Launcher("other0", HOWDAH_SHIM).find_all().empty());
  ASSERT_TRUE(Supervisor::signal(path_ / "run", StopSignal::kKill).ok());
  wait(path_ / "run");
}

TEST_F(SupervisorTest, a_process_that_fills_the_disk_is_seen_to_end_and_heard) {
  const auto disk = path_ / "disk";
  ASSERT_TRUE(make_folders(disk, 0700).ok());
  // Nobody else sees this mount, and it goes with us.
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "mounting a small disk is not permitted here";
  ProcessPlan plan = shell("cat /dev/zero > " + (disk / "fill").string() + "; exit 3");
  plan.stderr_path = disk / "err";
  ASSERT_TRUE(supervisor_.start(disk / "run", plan, "full").ok());
  const auto status = wait(disk / "run");
  const auto said = read_file(disk / "err").value_or("");
  // Nothing more is begun there, nor claimed.
  const auto refused = supervisor_.start(disk / "next", shell("true"), "full");
  const auto next = Supervisor::look(disk / "next");
  ::umount2(disk.c_str(), MNT_DETACH);
  EXPECT_EQ(status.state, State::kExited);
  EXPECT_EQ(status.exit_code, 3) << status.reason;
  EXPECT_NE(said.find("No space left on device"), said.npos) << said;
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("No space left on device"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(next.state, State::kUnknown);
}

TEST_F(SupervisorTest, a_start_that_cannot_be_claims_nothing) {
  ProcessPlan plan = shell("true");
  plan.container = ProcessIdentity{1, 1, "no such boot"};
  EXPECT_FALSE(supervisor_.start(path_ / "run", plan, "x").ok());
  EXPECT_EQ(Supervisor::look(path_ / "run").state, State::kUnknown);
  plan.argv.clear();
  EXPECT_FALSE(supervisor_.start(path_ / "run", plan, "x").ok());
}

}  // namespace
}  // namespace howdah::os
