#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace howdah::os {
namespace {

constexpr size_t kMaxFile = 64u << 20;

std::string temporary_name(const std::filesystem::path& path) {
  static std::atomic<uint64_t> counter{0};
  return path.string() + ".new." + std::to_string(::getpid()) + "." + std::to_string(counter++);
}

base::Status sync_folder(const std::filesystem::path& folder) {
  base::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return base::from_errno("open " + folder.string());
  if (::fsync(fd.get()) != 0) return base::from_errno("fsync " + folder.string());
  return base::ok();
}

base::Status write_new(const std::string& path, std::string_view contents, mode_t mode,
                       Durability durability) {
  base::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return base::from_errno("create " + path);
  auto written = write_all(fd.get(), contents, path);
  if (written.ok() && ::fchmod(fd.get(), mode) != 0) written = base::from_errno("chmod " + path);
  if (written.ok() && durability == Durability::kPower && ::fsync(fd.get()) != 0)
    written = base::from_errno("fsync " + path);
  if (!written.ok()) ::unlink(path.c_str());
  return written;
}

base::Status erase_at(int folder, const char* name, const std::string& shown);

base::Status erase_contents(int folder, const std::string& shown) {
  DIR* dir = ::fdopendir(::dup(folder));
  if (dir == nullptr) return base::from_errno("read " + shown);
  base::Status status = base::ok();
  while (status.ok()) {
    errno = 0;
    const dirent* entry = ::readdir(dir);
    if (entry == nullptr) {
      if (errno != 0) status = base::from_errno("read " + shown);
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    status = erase_at(folder, entry->d_name, shown + "/" + entry->d_name);
  }
  ::closedir(dir);
  return status;
}

// A folder without rights (overlayfs leaves "work" with mode 000) is given them first.
base::Status erase_at(int folder, const char* name, const std::string& shown) {
  if (::unlinkat(folder, name, 0) == 0 || errno == ENOENT) return base::ok();
  const int not_unlinked = errno;
  if (not_unlinked != EISDIR && not_unlinked != EPERM && not_unlinked != EACCES)
    return base::from_errno("remove " + shown);
  if (::unlinkat(folder, name, AT_REMOVEDIR) == 0) return base::ok();
  struct stat info;
  if (::fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
    return base::ok();  // someone else erases here too
  if (!S_ISDIR(info.st_mode)) return base::from_errno("remove " + shown, not_unlinked);
  if ((info.st_mode & 0700) != 0700) ::fchmodat(folder, name, 0700, 0);
  base::Fd inner(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inner.valid()) return errno == ENOENT ? base::ok() : base::from_errno("open " + shown);
  TRY(erase_contents(inner.get(), shown));
  if (::unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
    return base::from_errno("remove " + shown);
  return base::ok();
}

}  // namespace

base::Result<std::string> read_file(const std::filesystem::path& path) {
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return base::from_errno("open " + path.string());
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::from_errno("read " + path.string());
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > kMaxFile) return base::internal(path.string() + " is larger than 64 MiB");
  }
}

base::Status write_all(int fd, std::string_view contents, const std::string& what) {
  while (!contents.empty()) {
    const ssize_t n = ::write(fd, contents.data(), contents.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::from_errno("write " + what);
    contents.remove_prefix(static_cast<size_t>(n));
  }
  return base::ok();
}

base::Status write_file(const std::filesystem::path& path, std::string_view contents, mode_t mode,
                        Durability durability) {
  const std::string temporary = temporary_name(path);
  TRY(write_new(temporary, contents, mode, durability));
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    auto error = base::from_errno("rename to " + path.string());
    ::unlink(temporary.c_str());
    return error;
  }
  return durability == Durability::kPower ? sync_folder(path.parent_path()) : base::ok();
}

// link(2) fails when the name exists: as exclusive as O_EXCL, and never visible half-written.
base::Result<bool> create_file_once(const std::filesystem::path& path, std::string_view contents,
                                    mode_t mode, Durability durability) {
  const std::string temporary = temporary_name(path);
  TRY(write_new(temporary, contents, mode, durability));
  const int linked = ::link(temporary.c_str(), path.c_str());
  const int error = errno;
  ::unlink(temporary.c_str());
  if (linked != 0 && error == EEXIST) return false;
  if (linked != 0) return base::from_errno("create " + path.string(), error);
  if (durability == Durability::kPower) TRY(sync_folder(path.parent_path()));
  return true;
}

base::Status make_folders(const std::filesystem::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return base::ok();
  if (errno != ENOENT || !path.has_parent_path()) return base::from_errno("mkdir " + path.string());
  TRY(make_folders(path.parent_path(), mode));
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return base::from_errno("mkdir " + path.string());
  return base::ok();
}

base::Status erase_tree(const std::filesystem::path& path) {
  base::Fd parent(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid())
    return errno == ENOENT ? base::ok() : base::from_errno("open " + path.parent_path().string());
  return erase_at(parent.get(), path.filename().c_str(), path.string());
}

base::Result<base::Fd> open_beneath(const std::filesystem::path& root,
                                    const std::filesystem::path& inside, int flags) {
  base::Fd top(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top.valid()) return base::from_errno("open " + root.string());
  std::string relative = inside.relative_path().string();
  if (relative.empty()) relative = ".";
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  if ((flags & O_CREAT) != 0) how.mode = 0644;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < 100; ++attempt) {
    const long fd = ::syscall(SYS_openat2, top.get(), relative.c_str(), &how, sizeof how);
    if (fd >= 0) return base::Fd(static_cast<int>(fd));
    if (errno != EAGAIN) break;  // a concurrent rename: look again
  }
  if (errno == EXDEV || errno == ELOOP)
    return base::invalid_argument("'" + inside.string() + "' leads out of " + root.string());
  return base::from_errno("open " + (root / relative).string());
}

}  // namespace howdah::os
