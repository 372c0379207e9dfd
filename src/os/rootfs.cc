#include "os/rootfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/text.h"
#include "os/file.h"

namespace howdah::os {
namespace {

// The new root is built here: the folder exists everywhere, and what it holds of the host's was
// opened before it is covered.
constexpr const char* kBuildAt = "/tmp";
constexpr off_t kMaxCopied = 16 << 20;
constexpr const char* kDevices[] = {"null", "zero", "full", "random", "urandom", "tty"};

std::string stage(const std::string& name) { return std::string(kBuildAt) + "/.stage/" + name; }

base::Status make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return base::from_errno("mkdir " + path);
  return base::ok();
}

// The skeleton is a layer of folders in memory between the host's and the node's own: a merged
// folder shows the attributes of its topmost layer, so what is made here becomes the container
// root's, and a whiteout made here hides what the host has.

/// Folders of `lower` down to `relative` in `skeleton`, with their modes.
base::Status mirror_folders(const std::string& lower, const std::string& skeleton,
                            const std::string& relative) {
  std::filesystem::path done;
  for (const auto& part : std::filesystem::path(relative)) {
    done /= part;
    struct stat info;
    if (::lstat((lower / done).c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return base::ok();
    TRY(make_folder((skeleton / done).string(), info.st_mode & 07777));
  }
  return base::ok();
}

// A character device 0/0 is overlayfs's sign for "not there" (kernel: overlayfs.rst, whiteouts).
base::Status hide(const std::string& lower, const std::string& skeleton,
                  const std::string& relative) {
  struct stat info;
  if (::lstat((lower + "/" + relative).c_str(), &info) != 0) return base::ok();
  TRY(mirror_folders(lower, skeleton, std::filesystem::path(relative).parent_path().string()));
  if (::mknod((skeleton + "/" + relative).c_str(), S_IFCHR, ::makedev(0, 0)) != 0 &&
      errno != EEXIST)
    return base::from_errno("hide " + relative);
  return base::ok();
}

void open_folders(const std::string& lower, const std::string& skeleton, int depth) {
  DIR* dir = ::opendir(lower.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || entry->d_type != DT_DIR) continue;
    const std::string inner = skeleton + "/" + name;
    if (!mirror_folders(lower, skeleton, name).ok()) continue;
    if (depth > 1) open_folders(lower + "/" + name, inner, depth - 1);
  }
  ::closedir(dir);
}

// What can be read of a small tree. What is hidden in the skeleton stays hidden.
void copy_tree(const std::string& lower, const std::string& skeleton) {
  DIR* dir = ::opendir(lower.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    const std::string from = lower + "/" + name, to = skeleton + "/" + name;
    struct stat info;
    if (name == "." || name == ".." || ::lstat(from.c_str(), &info) != 0) continue;
    if (S_ISDIR(info.st_mode)) {
      struct stat there;  // made before, for the sake of what is hidden in it; or hidden itself
      ::mkdir(to.c_str(), info.st_mode & 07777);
      if (::lstat(to.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) copy_tree(from, to);
    } else if (S_ISLNK(info.st_mode)) {
      std::error_code none;
      std::filesystem::copy_symlink(from, to, none);
    } else if (S_ISREG(info.st_mode) && info.st_size < kMaxCopied) {
      if (auto text = read_file(from); text.ok())
        (void)create_file_once(to, *text, info.st_mode & 0777, Durability::kProcess).ok();
    }
  }
  ::closedir(dir);
}

void copy_files(const std::string& lower, const std::string& skeleton) {
  DIR* dir = ::opendir(lower.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_type != DT_REG) continue;
    if (auto text = read_file(lower + "/" + entry->d_name); text.ok())
      if (!write_file(skeleton + "/" + entry->d_name, *text, 0644, Durability::kProcess).ok())
        break;
  }
  ::closedir(dir);
}

}  // namespace

base::Result<Source> open_source(const BuildStep& step) {
  Source source;
  if (step.optional && ::access(step.source.c_str(), F_OK) != 0) return source;
  switch (step.kind) {
    case BuildStep::Kind::kOverlay:
      source.fd = TRY(clone_tree(step.source, false));
      break;
    case BuildStep::Kind::kBind: {
      source.fd = TRY(clone_tree(step.source, true));
      uint64_t attributes = MOUNT_ATTR_NOSUID;
      if (step.source.rfind("/dev/", 0) != 0) attributes |= MOUNT_ATTR_NODEV;
      if (step.read_only) attributes |= MOUNT_ATTR_RDONLY;
      TRY(set_attributes(source.fd, attributes, true));
      break;
    }
    case BuildStep::Kind::kCopy:
      source.fd = base::Fd(::open(step.source.c_str(), O_RDONLY | O_CLOEXEC));
      if (!source.fd.valid()) return base::from_errno("open " + step.source);
      break;
    default:
      break;
  }
  return source;
}

base::Status RootBuilder::open_sources() {
  for (size_t i = 0; i < spec_.steps.size(); ++i) {
    const auto& step = spec_.steps[i];
    if (step.kind == BuildStep::Kind::kDevices)
      for (const char* name : kDevices)
        device_nodes_[name] = TRY(clone_tree(std::string("/dev/") + name, false));
    if (sources_.count(static_cast<int>(i)) != 0) continue;
    auto source = open_source(step);
    // A host folder with mounts of its own below cannot be an overlay's lower without root; bound
    // as a whole and read-only it can be shown.
    if (!source.ok() && step.kind == BuildStep::Kind::kOverlay) {
      BuildStep whole = step;
      whole.kind = BuildStep::Kind::kBind;
      whole.read_only = true;
      source = open_source(whole);
      if (source.ok()) source->whole = true;
    }
    if (!source.ok()) return source.error();
    sources_[static_cast<int>(i)] = std::move(*source);
  }
  if (sources_.count(kFsSource) == 0)
    sources_[kFsSource].fd = TRY(clone_tree(spec_.fs.string(), false));
  return base::ok();
}

base::Status RootBuilder::make_root() {
  auto tree = TRY(new_mount("tmpfs", {{"mode", "0755"}}, MOUNT_ATTR_NODEV));
  base::Fd at(::open(kBuildAt, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at.valid()) return base::from_errno(std::string("open ") + kBuildAt);
  TRY(attach(tree, at, kBuildAt));
  base::Fd root(::open(kBuildAt, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return base::from_errno("open the new root");
  root_ = Inside(std::move(root));
  // What only building needs is mounted below one mount, and goes with it in one call.
  auto stages = TRY(new_mount("tmpfs", {{"mode", "0755"}}));
  TRY(attach(stages, TRY(root_.folder("/.stage")), ".stage"));
  auto fs = TRY(root_.folder("/.stage/fs"));
  TRY(attach(sources_[kFsSource].fd, fs, "the node's own folder"));
  for (const char* name : {"upper", "work"}) TRY(make_folder(stage("fs/") + name, 0755));
  return base::ok();
}

base::Result<std::string> RootBuilder::make_skeleton(const BuildStep& step,
                                                     const std::string& lower, bool ids_mapped) {
  if (!skeleton_made_) {
    auto memory = TRY(new_mount("tmpfs", {{"mode", "0755"}}));
    TRY(attach(memory, TRY(root_.folder("/.stage/skeleton")), "skeleton"));
    skeleton_made_ = true;
  }
  const std::string skeleton = stage("skeleton/") + step.name;
  TRY(make_folder(skeleton, 0755));
  for (const auto& path : step.hidden) TRY(hide(lower, skeleton, path));
  if (ids_mapped) return skeleton;
  if (step.open_depth > 0) open_folders(lower, skeleton, step.open_depth);
  for (const auto& path : step.open_below)
    if (mirror_folders(lower, skeleton, path).ok() &&
        ::access((skeleton + "/" + path).c_str(), F_OK) == 0)
      open_folders(lower + "/" + path, skeleton + "/" + path, 64);
  if (step.open_files) copy_files(lower, skeleton);
  return skeleton;
}

base::Status RootBuilder::mount_overlay(const BuildStep& step, const std::string& lowers,
                                        const std::string& upper, const std::string& work) {
  TRY(make_folder(upper, 0755));
  TRY(make_folder(work, 0755));
  auto tree = TRY(
      new_mount("overlay",
                {{"lowerdir", lowers}, {"upperdir", upper}, {"workdir", work}, {"userxattr", ""}}));
  auto target = TRY(root_.folder(step.target));
  return attach(tree, target, step.target);
}

base::Status RootBuilder::overlay(int number, const BuildStep& step) {
  auto& source = sources_[number];
  if (!source.fd.valid()) return base::ok();
  const std::string lower_name = "lower" + std::to_string(number);
  TRY(attach(source.fd, TRY(root_.folder("/.stage/" + lower_name)), step.source));
  const std::string lower = stage(lower_name);
  std::string lowers = TRY(make_skeleton(step, lower, source.ids_mapped));
  if (!source.whole)
    lowers += ":" + lower;
  else if (step.copyable)
    copy_tree(lower, lowers);
  else
    return bind_instead(step, lower, "it has mounts of its own below");
  auto on_disk =
      mount_overlay(step, lowers, stage("fs/upper/") + step.name, stage("fs/work/") + step.name);
  if (on_disk.ok()) return base::ok();

  // The data directory's file system cannot hold an upper layer: memory can, until the node ends.
  const std::string memory_name = "memory" + std::to_string(number);
  auto memory = TRY(new_mount("tmpfs", {{"mode", "0755"}}));
  TRY(attach(memory, TRY(root_.folder("/.stage/" + memory_name)), memory_name));
  auto in_memory =
      mount_overlay(step, lowers, stage(memory_name) + "/upper", stage(memory_name) + "/work");
  if (in_memory.ok()) {
    warnings_.push_back("changes below " + step.target + " are kept in memory, not on disk (" +
                        on_disk.error().message + ")");
    return base::ok();
  }
  return bind_instead(step, lower, in_memory.error().message);
}

base::Status RootBuilder::bind_instead(const BuildStep& step, const std::string& lower,
                                       const std::string& why) {
  warnings_.push_back(step.target + " is read-only inside the node: no overlay (" + why + ")");
  auto tree = TRY(clone_tree(lower, true));
  TRY(set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true));
  return attach(tree, TRY(root_.folder(step.target)), step.target);
}

base::Status RootBuilder::bind(int number, const BuildStep& step) {
  auto& source = sources_[number];
  if (!source.fd.valid()) return base::ok();
  struct stat info;
  if (::fstatat(source.fd.get(), "", &info, AT_EMPTY_PATH) != 0)
    return base::from_errno("look at " + step.source);
  auto target =
      S_ISDIR(info.st_mode) ? TRY(root_.folder(step.target)) : TRY(root_.file(step.target));
  return attach(source.fd, target, step.target);
}

base::Status RootBuilder::own(const BuildStep& step) {
  const std::string path = stage("fs/") + step.name;
  if (::mkdir(path.c_str(), 0700) == 0) {
    if (::chown(path.c_str(), step.uid, step.gid) != 0 && errno != EINVAL)
      return base::from_errno("chown " + path);
    if (::chmod(path.c_str(), step.mode) != 0) return base::from_errno("chmod " + path);
  } else if (errno != EEXIST) {
    return base::from_errno("mkdir " + path);
  }
  auto tree = TRY(clone_tree(path, false));
  return attach(tree, TRY(root_.folder(step.target)), step.target);
}

base::Status RootBuilder::copy(int number, const BuildStep& step) {
  auto& source = sources_[number];
  if (!source.fd.valid()) return base::ok();
  const std::string text = TRY(read_file("/proc/self/fd/" + std::to_string(source.fd.get())));
  return root_.write(step.target, text, step.mode, step.uid, step.gid);
}

base::Status RootBuilder::devices(const BuildStep& step) {
  auto tree = TRY(new_mount("tmpfs", {{"mode", "0755"}}, MOUNT_ATTR_NOSUID));
  TRY(attach(tree, TRY(root_.folder(step.target)), step.target));
  for (const auto& [name, node] : device_nodes_)
    TRY(attach(node, TRY(root_.file(step.target + "/" + name)), name));
  auto memory = TRY(new_mount("tmpfs", {{"mode", "1777"}}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  TRY(attach(memory, TRY(root_.folder(step.target + "/shm")), "shm"));
  std::vector<std::pair<std::string, std::string>> options = {{"ptmxmode", "0666"},
                                                              {"mode", "0620"}};
  if (spec_.ids.kind != IdMap::Kind::kSingle) options.emplace_back("gid", "5");  // tty
  auto terminals = new_mount("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  if (terminals.ok()) {
    TRY(attach(*terminals, TRY(root_.folder(step.target + "/pts")), "pts"));
    TRY(root_.link(step.target + "/ptmx", "pts/ptmx"));
  } else {
    warnings_.push_back("no terminals inside the node: " + terminals.error().message);
  }
  TRY(root_.link(step.target + "/fd", "/proc/self/fd"));
  TRY(root_.link(step.target + "/stdin", "/proc/self/fd/0"));
  TRY(root_.link(step.target + "/stdout", "/proc/self/fd/1"));
  return root_.link(step.target + "/stderr", "/proc/self/fd/2");
}

base::Status RootBuilder::apply(int number, const BuildStep& step) {
  using Kind = BuildStep::Kind;
  switch (step.kind) {
    case Kind::kOverlay:
      return overlay(number, step);
    case Kind::kBind:
      return bind(number, step);
    case Kind::kOwn:
      return own(step);
    case Kind::kCopy:
      return copy(number, step);
    case Kind::kDevices:
      return devices(step);
    case Kind::kLink:
      return root_.link(step.target, step.source);
    case Kind::kFolder: {
      auto folder = TRY(root_.folder(step.target, step.mode));
      if ((step.uid != 0 || step.gid != 0) &&
          ::fchownat(folder.get(), "", step.uid, step.gid, AT_EMPTY_PATH) != 0 && errno != EINVAL)
        return base::from_errno("chown " + step.target);
      return base::ok();
    }
    case Kind::kTmpfs: {
      char mode[16];
      std::snprintf(mode, sizeof mode, "%o", step.mode);
      auto tree = TRY(new_mount("tmpfs", {{"mode", mode}}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
      return attach(tree, TRY(root_.folder(step.target)), step.target);
    }
    case Kind::kProc: {
      auto tree =
          TRY(new_mount("proc", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
      return attach(tree, TRY(root_.folder(step.target)), step.target);
    }
  }
  return base::internal("a build step of an unknown kind");
}

base::Status write_container_files(const ContainerSpec& spec, const Inside& root) {
  for (const auto& file : spec.files) {
    if (file.in_place && root.overwrite(file.path, file.contents).ok()) continue;
    TRY(root.write(file.path, file.contents, file.mode, file.uid, file.gid));
  }
  return base::ok();
}

base::Status RootBuilder::build() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return base::from_errno("make the mounts private");
  ::umask(0);
  TRY(open_sources());
  TRY(make_root());
  for (size_t i = 0; i < spec_.steps.size(); ++i) {
    auto applied = apply(static_cast<int>(i), spec_.steps[i]);
    if (!applied.ok()) {
      base::Error error = applied.error();
      error.message = "build " + spec_.steps[i].target + " of the node: " + error.message;
      return error;
    }
  }
  return write_container_files(spec_, root_);
}

base::Status RootBuilder::pivot() {
  const std::string stages = std::string(kBuildAt) + "/.stage";
  if (::umount2(stages.c_str(), MNT_DETACH) != 0) return base::from_errno("umount " + stages);
  if (::rmdir(stages.c_str()) != 0) return base::from_errno("rmdir " + stages);
  if (::fchdir(root_.root().get()) != 0) return base::from_errno("enter the new root");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return base::from_errno("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return base::from_errno("umount the host's root");
  if (::chdir("/") != 0) return base::from_errno("enter the new root");
  // Shared, so that what one process mounts (sudo mount) the node's others see.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) != 0)
    return base::from_errno("share the mounts");
  ::umask(022);
  return base::ok();
}

}  // namespace howdah::os
