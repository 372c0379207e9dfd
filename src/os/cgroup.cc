#include "os/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "os/file.h"

namespace howdah::os {
namespace {

struct Place {
  std::filesystem::path folder;
  bool v2 = false;
};

// Where the file system of the controller is mounted (proc(5), mountinfo: fields after " - ").
std::optional<std::filesystem::path> mount_of(bool v2) {
  const auto text = read_file("/proc/self/mountinfo");
  if (!text.ok()) return std::nullopt;
  for (const auto line : base::split(*text, '\n')) {
    const size_t dash = line.find(" - ");
    if (dash == line.npos) continue;
    const auto left = base::split(line.substr(0, dash), ' ');
    const auto right = base::split(line.substr(dash + 3), ' ');
    if (left.size() < 5 || right.size() < 3) continue;
    if (v2 && right[0] == "cgroup2") return std::filesystem::path(left[4]);
    if (!v2 && right[0] == "cgroup")
      for (const auto option : base::split(right[2], ','))
        if (option == "memory") return std::filesystem::path(left[4]);
  }
  return std::nullopt;
}

// The server's own place in that hierarchy: limits above it go on holding.
std::string own_path(bool v2) {
  const auto text = read_file("/proc/self/cgroup");
  if (!text.ok()) return "/";
  for (const auto line : base::split(*text, '\n')) {
    const auto fields = base::split(line, ':');
    if (fields.size() < 3) continue;
    const std::string path(line.substr(fields[0].size() + fields[1].size() + 2));
    if (v2 && fields[0] == "0") return path;
    if (!v2)
      for (const auto controller : base::split(fields[1], ','))
        if (controller == "memory") return path;
  }
  return "/";
}

bool put(const std::filesystem::path& path, const std::string& text) {
  base::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() &&
         ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool make(const std::filesystem::path& path) {
  return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
}

// v2 lets a cgroup give controllers to its children only while no process is in it itself, so the
// hierarchy's root is tried too (root of the host, or of a container with its own cgroup
// namespace).
std::optional<Place> find_place(const std::string& name) {
  for (const bool v2 : {false, true}) {
    const auto mount = mount_of(v2);
    if (!mount) continue;
    for (const std::string& own : {own_path(v2), std::string("/")}) {
      const auto parent = *mount / std::filesystem::path(own).relative_path();
      if (v2 && !put(parent / "cgroup.subtree_control", "+memory")) continue;
      const auto folder = parent / name;
      if (!make(folder)) continue;
      if (v2 ? put(folder / "cgroup.subtree_control", "+memory")
             : ::access((folder / "memory.limit_in_bytes").c_str(), W_OK) == 0)
        return Place{folder, v2};
      ::rmdir(folder.c_str());
    }
  }
  return std::nullopt;
}

std::vector<std::filesystem::path> folders_in(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> folders;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(path, none))
    if (entry.is_directory(none)) folders.push_back(entry.path());
  return folders;
}

// A cgroup is busy for some milliseconds after its last process was reaped.
void remove_folder(const std::filesystem::path& path) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    if (::rmdir(path.c_str()) == 0 || errno != EBUSY) return;
    ::poll(nullptr, 0, 10);
  }
}

}  // namespace

Cgroups::Cgroups(const std::string& name) {
  if (const auto place = find_place(name)) {
    root_ = place->folder;
    v2_ = place->v2;
  } else {
    warning_ =
        "memory limits are not enforced: no cgroup with the memory controller may be written "
        "(run as root, or delegate one: systemd Delegate=yes)";
  }
}

bool Cgroups::limit(const std::filesystem::path& folder, uint64_t bytes) const {
  const std::string text = std::to_string(bytes);
  const auto memory = folder / (v2_ ? "memory.max" : "memory.limit_in_bytes");
  const bool limited = put(memory, text);
  // Swap would only delay the end; where it is not accounted for there is no such file.
  put(folder / (v2_ ? "memory.swap.max" : "memory.memsw.limit_in_bytes"), v2_ ? "0" : text);
  // v1 has no limit grow beyond that of memory and swap together.
  return limited || put(memory, text);
}

std::vector<std::filesystem::path> Cgroups::make(const std::string& node,
                                                 const std::string& process, uint64_t limit_bytes,
                                                 uint64_t node_limit_bytes) const {
  if (root_.empty() || (limit_bytes == 0 && node_limit_bytes == 0)) return {};
  const auto whole = root_ / node, folder = whole / process;
  if (!os::make(root_) || !os::make(whole)) return {};
  if (v2_) put(whole / "cgroup.subtree_control", "+memory");
  const bool whole_limited = node_limit_bytes != 0 && limit(whole, node_limit_bytes);
  if (!os::make(folder)) return {};
  const bool limited = limit_bytes != 0 && limit(folder, limit_bytes);
  if (!limited && !whole_limited) return {};
  return {folder};
}

std::vector<std::string> Cgroups::nodes() const {
  std::vector<std::string> names;
  if (root_.empty()) return names;
  for (const auto& folder : folders_in(root_)) names.push_back(folder.filename().string());
  return names;
}

void Cgroups::remove(const std::string& node) const {
  if (root_.empty()) return;
  for (const auto& folder : folders_in(root_ / node)) remove_folder(folder);
  remove_folder(root_ / node);
  ::rmdir(root_.c_str());  // succeeds with the last node; make() makes it again
}

}  // namespace howdah::os
