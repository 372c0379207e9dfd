#include "os/disk_use.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "base/fd.h"

namespace howdah::os {
namespace {

constexpr uint64_t kBlock = 512;  // st_blocks' unit, stat(3type)
constexpr int kDeepest = 200;     // each level holds a descriptor
constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

class Walk {
 public:
  explicit Walk(dev_t disk) : disk_(disk) {}

  // From descriptor to descriptor: who changes the tree meanwhile leads it nowhere else. false: it
  // is not known.
  bool add(base::Fd folder, int depth) {
    if (depth > kDeepest) return false;
    const std::unique_ptr<DIR, int (*)(DIR*)> all(::fdopendir(folder.get()), ::closedir);
    if (!all) return false;
    (void)folder.release();
    const int at = ::dirfd(all.get());
    for (errno = 0; const dirent* entry = ::readdir(all.get()); errno = 0) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != ".." && !add_entry(at, entry->d_name, depth)) return false;
    }
    return errno == 0;
  }
  void count(const struct stat& found) {
    bytes_ += static_cast<uint64_t>(found.st_blocks) * kBlock;
  }
  uint64_t bytes() const { return bytes_; }

 private:
  bool add_entry(int at, const char* name, int depth) {
    struct stat found {};
    if (::fstatat(at, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
    if (found.st_dev != disk_) return true;
    const bool folder = S_ISDIR(found.st_mode);
    if (!folder && found.st_nlink > 1 && !linked_.insert(found.st_ino).second) return true;
    count(found);
    if (!folder) return true;
    base::Fd inside(::openat(at, name, kFolder));
    if (!inside.valid()) return errno == ENOENT;
    return add(std::move(inside), depth + 1);
  }

  const dev_t disk_;
  uint64_t bytes_ = 0;
  std::set<ino_t> linked_;  // counted once, whatever their names
};

}  // namespace

std::optional<uint64_t> disk_use(const std::filesystem::path& folder) {
  base::Fd top(::open(folder.c_str(), kFolder));
  struct stat found {};
  if (!top.valid() || ::fstat(top.get(), &found) != 0) return std::nullopt;
  Walk walk(found.st_dev);
  walk.count(found);
  return walk.add(std::move(top), 0) ? std::optional(walk.bytes()) : std::nullopt;
}

}  // namespace howdah::os
