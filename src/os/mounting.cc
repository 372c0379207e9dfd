#include "os/mounting.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace howdah::os {

base::Result<base::Fd> clone_tree(const std::string& path, bool recursive) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
  base::Fd tree(::open_tree(AT_FDCWD, path.c_str(), flags));
  if (!tree.valid()) return base::from_errno("open_tree " + path);
  return tree;
}

base::Result<base::Fd> new_mount(const std::string& type,
                                 const std::vector<std::pair<std::string, std::string>>& options,
                                 unsigned attributes) {
  base::Fd context(::fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!context.valid()) return base::from_errno("fsopen " + type);
  for (const auto& [key, value] : options) {
    const int set =
        value.empty()
            ? ::fsconfig(context.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0)
            : ::fsconfig(context.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0);
    if (set != 0) return base::from_errno(type + " option " + key + "=" + value);
  }
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return base::from_errno("make a " + type);
  base::Fd tree(::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes));
  if (!tree.valid()) return base::from_errno("fsmount " + type);
  return tree;
}

base::Status attach(const base::Fd& tree, const base::Fd& target, std::string_view shown) {
  if (::move_mount(tree.get(), "", target.get(), "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
    return base::from_errno("mount at " + std::string(shown));
  return base::ok();
}

base::Status set_attributes(const base::Fd& tree, uint64_t attributes, bool recursive) {
  mount_attr change = {};
  change.attr_set = attributes;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &change,
                      sizeof change) != 0)
    return base::from_errno("mount_setattr");
  return base::ok();
}

base::Status map_ids(const base::Fd& tree, int user_namespace) {
  mount_attr change = {};
  change.attr_set = MOUNT_ATTR_IDMAP;
  change.userns_fd = static_cast<uint64_t>(user_namespace);
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &change, sizeof change) != 0)
    return base::from_errno("map the ids of a mount");
  return base::ok();
}

base::Result<base::Fd> Inside::open(std::string_view path, int flags, mode_t mode) const {
  std::string relative(path);
  relative.erase(0, relative.find_first_not_of('/'));
  if (relative.empty()) relative = ".";
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root_.get(), relative.c_str(), &how, sizeof how);
  if (fd < 0) return base::from_errno("open " + std::string(path) + " inside");
  return base::Fd(static_cast<int>(fd));
}

base::Result<base::Fd> Inside::folder(std::string_view path, mode_t mode) const {
  auto there = open(path, O_PATH | O_DIRECTORY);
  if (there.ok() || there.error().code != base::Code::kNotFound) return there;
  const std::filesystem::path whole{std::string(path)};
  base::Fd parent = TRY(folder(whole.parent_path().string()));
  // O_PATH folders take mkdirat; the name is one part, so nothing is resolved.
  if (::mkdirat(parent.get(), whole.filename().c_str(), mode) != 0 && errno != EEXIST)
    return base::from_errno("mkdir " + whole.string() + " inside");
  if (::fchmodat(parent.get(), whole.filename().c_str(), mode, 0) != 0)
    return base::from_errno("chmod " + whole.string() + " inside");
  return open(path, O_PATH | O_DIRECTORY);
}

base::Result<base::Fd> Inside::file(std::string_view path) const {
  auto there = open(path, O_PATH);
  if (there.ok()) return there;
  const std::filesystem::path whole{std::string(path)};
  TRY(folder(whole.parent_path().string()));
  TRY(open(path, O_WRONLY | O_CREAT, 0644));
  return open(path, O_PATH);
}

base::Status Inside::link(std::string_view path, const std::string& to) const {
  const std::filesystem::path whole{std::string(path)};
  base::Fd parent = TRY(folder(whole.parent_path().string()));
  ::unlinkat(parent.get(), whole.filename().c_str(), 0);
  if (::symlinkat(to.c_str(), parent.get(), whole.filename().c_str()) != 0 && errno != EEXIST)
    return base::from_errno("link " + whole.string() + " inside");
  return base::ok();
}

base::Status Inside::overwrite(std::string_view path, std::string_view contents) const {
  const std::string shown(path);
  base::Fd fd = TRY(open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat info;
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return base::invalid_argument(shown + " inside is not a plain file");
  for (size_t done = 0; done < contents.size();) {
    const ssize_t n = ::write(fd.get(), contents.data() + done, contents.size() - done);
    if (n < 0) return base::from_errno("write " + shown + " inside");
    done += static_cast<size_t>(n);
  }
  if (::ftruncate(fd.get(), static_cast<off_t>(contents.size())) != 0)
    return base::from_errno("cut " + shown + " inside");
  return base::ok();
}

base::Status Inside::write(std::string_view path, std::string_view contents, mode_t mode, uid_t uid,
                           gid_t gid) const {
  const std::filesystem::path whole{std::string(path)};
  base::Fd parent = TRY(folder(whole.parent_path().string()));
  // A new file under another name, then renamed: readers see all or nothing, and a link that
  // someone planted under the name is replaced, not followed.
  const std::string temporary = ".howdah-new-" + whole.filename().string();
  ::unlinkat(parent.get(), temporary.c_str(), 0);
  base::Fd fd(::openat(parent.get(), temporary.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return base::from_errno("create " + whole.string() + " inside");
  for (std::string_view rest = contents; !rest.empty();) {
    const ssize_t n = ::write(fd.get(), rest.data(), rest.size());
    if (n < 0) return base::from_errno("write " + whole.string() + " inside");
    rest.remove_prefix(static_cast<size_t>(n));
  }
  if (::fchown(fd.get(), uid, gid) != 0 && errno != EINVAL && errno != EPERM)
    return base::from_errno("chown " + whole.string() + " inside");
  if (::fchmod(fd.get(), mode) != 0) return base::from_errno("chmod " + whole.string() + " inside");
  if (::renameat(parent.get(), temporary.c_str(), parent.get(), whole.filename().c_str()) != 0)
    return base::from_errno("rename " + whole.string() + " inside");
  return base::ok();
}

}  // namespace howdah::os
