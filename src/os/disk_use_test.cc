#include "os/disk_use.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace howdah::os {
namespace {

namespace fs = std::filesystem;

TEST(DiskUse, CountsBlocksOnceAndFollowsNoLinks) {
  const fs::path folder = fs::path(testing::TempDir()) / ("disk-use-" + std::to_string(::getpid()));
  fs::create_directories(folder / "in/it");
  const uint64_t empty = disk_use(folder).value_or(1 << 30);
  std::ofstream(folder / "in/it/file") << std::string(1 << 20, 'x');
  const uint64_t one = disk_use(folder).value_or(0);
  EXPECT_GE(one, empty + (1 << 20));
  EXPECT_LT(one, empty + (2 << 20));
  fs::create_hard_link(folder / "in/it/file", folder / "again");
  fs::create_symlink("/usr", folder / "link");
  EXPECT_LT(disk_use(folder).value_or(1 << 30), one + (1 << 16));
  std::ofstream(folder / "hole") << "";
  fs::resize_file(folder / "hole", 1 << 30);
  EXPECT_LT(disk_use(folder).value_or(1 << 30), one + (1 << 16));
  fs::remove_all(folder);
  EXPECT_EQ(disk_use(folder), std::nullopt);
}

}  // namespace
}  // namespace howdah::os
