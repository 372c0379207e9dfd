#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "os/boot.h"
#include "os/file.h"
#include "os/layout.h"
#include "os/lock.h"

namespace howdah::os {
namespace {

class Folder : public testing::Test {
 protected:
  Folder() {
    char name[] = "/tmp/howdah-os-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() override { EXPECT_TRUE(erase_tree(path_).ok()); }
  std::filesystem::path path_;
};

using LockTest = Folder;
TEST_F(LockTest, the_second_server_is_refused_and_told_who_holds_the_directory) {
  auto first = Lock::take(path_ / "lock");
  ASSERT_TRUE(first.ok());
  const auto second = Lock::take(path_ / "lock");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::Code::kAlreadyExists);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
  { auto gone = std::move(*first); }
  EXPECT_TRUE(Lock::take(path_ / "lock").ok());
}

using LayoutTest = Folder;
TEST_F(LayoutTest, the_installation_id_is_made_once) {
  const Layout layout(path_ / "data");
  base::RandomIds ids;
  ASSERT_TRUE(layout.prepare().ok());
  struct stat info;
  ASSERT_EQ(::stat(layout.data().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  const auto first = layout.installation_id(ids);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->size(), 6u);
  EXPECT_EQ(layout.installation_id(ids).value(), *first);
}

TEST(Ids, become_folder_names_and_back_and_nothing_escapes) {
  EXPECT_EQ(folder_name_of("j-1/i-2").value(), "j-1~i-2");
  EXPECT_EQ(id_of_folder_name("j-1~i-2"), "j-1/i-2");
  for (const char* bad : {"", "..", "a/../b", "a//b", "/a", "a/", "a~b", "a b", "a\n", "a:b", "."})
    EXPECT_FALSE(folder_name_of(bad).ok()) << bad;
}

using FileTest = Folder;
TEST_F(FileTest, a_claim_is_made_once_and_keeps_the_first_contents) {
  EXPECT_TRUE(create_file_once(path_ / "c", "first", 0600, Durability::kPower).value());
  EXPECT_FALSE(create_file_once(path_ / "c", "second", 0600, Durability::kPower).value());
  EXPECT_EQ(read_file(path_ / "c").value(), "first");
  EXPECT_TRUE(write_file(path_ / "c", "third", 0644, Durability::kPower).ok());
  EXPECT_EQ(read_file(path_ / "c").value(), "third");
}

TEST_F(FileTest, erasing_does_not_follow_links_and_enters_folders_without_rights) {
  ASSERT_TRUE(make_folders(path_ / "keep").ok());
  ASSERT_TRUE(write_file(path_ / "keep/file", "x", 0644, Durability::kProcess).ok());
  ASSERT_TRUE(make_folders(path_ / "gone/deep/er").ok());
  ASSERT_EQ(::symlink("../keep", (path_ / "gone/link").c_str()), 0);
  ASSERT_EQ(::chmod((path_ / "gone/deep").c_str(), 0), 0);
  EXPECT_TRUE(erase_tree(path_ / "gone").ok());
  EXPECT_NE(::access((path_ / "gone").c_str(), F_OK), 0);
  EXPECT_EQ(read_file(path_ / "keep/file").value(), "x");
  EXPECT_TRUE(erase_tree(path_ / "gone").ok());
}

TEST_F(FileTest, a_path_that_leaves_its_root_is_refused) {
  ASSERT_TRUE(make_folders(path_ / "root/sub").ok());
  ASSERT_TRUE(write_file(path_ / "root/sub/file", "in", 0644, Durability::kProcess).ok());
  ASSERT_TRUE(write_file(path_ / "secret", "out", 0644, Durability::kProcess).ok());
  ASSERT_EQ(::symlink("../secret", (path_ / "root/up").c_str()), 0);
  ASSERT_EQ(::symlink("/etc/passwd", (path_ / "root/absolute").c_str()), 0);
  ASSERT_EQ(::symlink("sub", (path_ / "root/within").c_str()), 0);
  EXPECT_TRUE(open_beneath(path_ / "root", "within/file", O_RDONLY).ok());
  EXPECT_TRUE(open_beneath(path_ / "root", "/sub/file", O_RDONLY).ok());
  for (const char* out : {"up", "absolute", "../secret", "sub/../../secret"})
    EXPECT_EQ(open_beneath(path_ / "root", out, O_RDONLY).error().code,
              base::Code::kInvalidArgument)
        << out;
  EXPECT_EQ(open_beneath(path_ / "root", "none", O_RDONLY).error().code, base::Code::kNotFound);
}

TEST(Boot, a_process_is_known_by_pid_start_and_boot) {
  auto self = identity_of(::getpid());
  ASSERT_TRUE(self.has_value());
  EXPECT_TRUE(is_running(*self));
  EXPECT_TRUE(open_pidfd(*self).ok());
  auto other = *self;
  other.start_ticks += 1;
  EXPECT_FALSE(is_running(other));
  EXPECT_EQ(open_pidfd(other).error().code, base::Code::kNotFound);
  other = *self;
  other.boot_id = "another";
  EXPECT_FALSE(is_running(other));
  const auto again = identity_from(to_json(*self));
  EXPECT_TRUE(is_running(again));
}

}  // namespace
}  // namespace howdah::os
