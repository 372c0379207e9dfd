#include "cli/program.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>

#include "cli/session.h"
#include "cli/terminal.h"

namespace howdah::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{10000};

TEST(Program, OutputAndExitCodeAreCaptured) {
  auto done = capture({"sh", "-c", "echo out; echo err >&2; exit 7"}, kPatience);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->exit_code, 7);
  EXPECT_NE(done->output.find("out"), std::string::npos);
  EXPECT_NE(done->output.find("err"), std::string::npos);
}

TEST(Program, OneThatDoesNotExistIsNotFound) {
  EXPECT_EQ(capture({"howdah-no-such-program"}, kPatience).error().code, base::Code::kNotFound);
  EXPECT_FALSE(find_program("howdah-no-such-program").has_value());
  EXPECT_TRUE(find_program("sh").has_value());
}

TEST(Program, OneThatHangsIsEnded) {
  auto done = capture({"sleep", "60"}, std::chrono::milliseconds(50));
  EXPECT_EQ(done.error().code, base::Code::kDeadlineExceeded);
}

TEST(Daemon, IsReadyWithItsFirstLine) {
  auto log = std::filesystem::temp_directory_path() / "howdah-daemon-test.log";
  auto daemon =
      start_daemon({"sh", "-c", "echo http://localhost:1; exec sleep 60"}, log, kPatience);
  ASSERT_TRUE(daemon.ok());
  EXPECT_EQ(daemon->first_line, "http://localhost:1");
  ::kill(daemon->pid, SIGKILL);
  ::waitpid(daemon->pid, nullptr, 0);
  std::filesystem::remove(log);
}

TEST(Daemon, OneThatEndsAtOnceLeavesItsWordsInTheLog) {
  auto log = std::filesystem::temp_directory_path() / "howdah-daemon-test2.log";
  auto daemon = start_daemon({"sh", "-c", "echo the port is taken >&2; exit 3"}, log, kPatience);
  ASSERT_FALSE(daemon.ok());
  EXPECT_NE(daemon.error().message.find("exit code 3"), std::string::npos);
  EXPECT_EQ(tail(log, 1), "the port is taken");
  std::filesystem::remove(log);
}

TEST(Terminal, TablesAlignLikeThoseOfKubectl) {
  EXPECT_EQ(table({"ID", "STATE"}, {{"j-123", "WAITING"}, {"j-1", ""}}),
            "ID      STATE\nj-123   WAITING\nj-1     -\n");
}

TEST(Terminal, AgesAreShort) {
  using std::chrono::seconds;
  EXPECT_EQ(short_duration(seconds(3)), "3s");
  EXPECT_EQ(short_duration(seconds(252)), "4m12s");
  EXPECT_EQ(short_duration(seconds(7500)), "2h5m");
  EXPECT_EQ(short_duration(std::chrono::hours(76)), "3d4h");
  EXPECT_EQ(megabytes(317'214'975), "317 MB");
}

}  // namespace
}  // namespace howdah::cli
