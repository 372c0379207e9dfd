#include "os/usage.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "os/file.h"

namespace howdah::os {
namespace {

TEST(Usage, is_of_all_that_descends_from_a_process) {
  int said[2];
  ASSERT_EQ(::pipe(said), 0);
  const pid_t between = ::fork();
  if (between == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      static volatile char taken[64 << 20];
      rusage used = {};
      while (used.ru_utime.tv_sec == 0 && used.ru_utime.tv_usec < 200'000) {
        for (size_t i = 0; i < sizeof taken; i += 4096) taken[i] = static_cast<char>(i);
        ::getrusage(RUSAGE_SELF, &used);
      }
      if (::write(said[1], "!", 1) != 1) ::_exit(1);
    }
    ::pause();
  }
  char word = 0;
  EXPECT_EQ(::read(said[0], &word, 1), 1);
  const ProcessTable table = ProcessTable::read();
  const Usage all = table.below(::getpid());
  EXPECT_GE(all.cpu, base::Millis(150));
  EXPECT_GE(all.memory_bytes, 64u << 20);
  EXPECT_GE(table.below(between).memory_bytes, 64u << 20);
  EXPECT_LE(table.below(between).memory_bytes, all.memory_bytes);
  ::kill(between, SIGKILL);
  ::waitpid(between, nullptr, 0);
  for (const int end : said) ::close(end);
}

TEST(Usage, reads_what_proc_says_whatever_a_program_is_called) {
  char name[] = "/tmp/howdah-proc-XXXXXX";
  const std::filesystem::path proc = ::mkdtemp(name);
  const auto put = [&](const char* pid, const char* stat, const char* io) {
    ASSERT_TRUE(make_folders(proc / pid).ok());
    ASSERT_TRUE(write_file(proc / pid / "stat", stat, 0600, Durability::kProcess).ok());
    ASSERT_TRUE(write_file(proc / pid / "io", io, 0600, Durability::kProcess).ok());
  };
  put("7", "7 (a) b (c) S 1 7 7 0 -1 0 0 0 0 0 100 50 30 20 20 0 1 0 0 0 3 0", "");
  put("8", "8 (x) S 7 7 7 0 -1 0 0 0 0 0 100 0 0 0 20 0 1 0 0 0 2 0",
      "rchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\n");
  put("9", "9 (not yet", "");
  const ProcessTable table = ProcessTable::read(proc.string());
  const Usage all = table.below(1), one = table.below(7);
  EXPECT_EQ(all.cpu.count(), 300 * 1000 / ::sysconf(_SC_CLK_TCK));
  EXPECT_EQ(one.cpu.count(), 100 * 1000 / ::sysconf(_SC_CLK_TCK));
  EXPECT_EQ(all.memory_bytes, 5u * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(one.read_bytes, 4096u);
  EXPECT_EQ(one.written_bytes, 8192u);
  EXPECT_EQ(table.below(9).cpu.count(), 0);
  EXPECT_TRUE(erase_tree(proc).ok());
}

}  // namespace
}  // namespace howdah::os
