#include "nodes/local/node_root.h"

#include <fts.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "os/file.h"

namespace howdah::nodes {
namespace {

using Kind = os::BuildStep::Kind;
using os::BuildStep;

BuildStep step(Kind kind, std::string target, std::string source = {}, uint32_t mode = 0755) {
  BuildStep made;
  made.kind = kind;
  made.target = std::move(target);
  made.source = std::move(source);
  made.mode = mode;
  return made;
}

BuildStep own(std::string target, std::string name, uint32_t mode, uint32_t id = 0) {
  BuildStep made = step(Kind::kOwn, std::move(target), {}, mode);
  made.name = std::move(name);
  made.uid = made.gid = id;
  return made;
}

BuildStep folder(std::string target, uint32_t mode, uint32_t id = 0) {
  BuildStep made = step(Kind::kFolder, std::move(target), {}, mode);
  made.uid = made.gid = id;
  return made;
}

BuildStep overlay(const std::string& path, int open_depth) {
  BuildStep made = step(Kind::kOverlay, path, path);
  made.name = path.substr(1);
  std::replace(made.name.begin(), made.name.end(), '/', '-');
  made.optional = true;
  made.open_depth = open_depth;
  return made;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_below(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 &&
         path[folder.size()] == '/';
}

void hide_below(BuildStep& layer, const std::vector<std::string>& paths) {
  for (const auto& path : paths)
    if (is_below(path, layer.source)) layer.hidden.push_back(path.substr(layer.source.size() + 1));
}

// Debian marks its Python as the distribution's (PEP 668); on EMR `sudo pip3 install` simply works.
std::vector<std::string> python_markers() {
  std::vector<std::string> markers;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib", ignored))
    if (entry.path().filename().string().rfind("python3", 0) == 0)
      markers.push_back(entry.path().string() + "/EXTERNALLY-MANAGED");
  return markers;
}

// /bin, /lib and their kin: links on a merged host, folders of their own on others.
void add_top_folders(std::vector<BuildStep>& steps) {
  for (const char* path : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code none;
    const auto status = std::filesystem::symlink_status(path, none);
    if (std::filesystem::is_symlink(status))
      steps.push_back(step(Kind::kLink, path, std::filesystem::read_symlink(path, none).string()));
    else if (std::filesystem::is_directory(status))
      steps.push_back(overlay(path, 2));
  }
}

void add_programs(const RootPlan& plan, std::vector<BuildStep>& steps) {
  std::vector<std::string> hidden = plan.private_paths;
  for (auto& marker : python_markers()) hidden.push_back(std::move(marker));
  hidden.push_back(plan.data.string());
  BuildStep usr = overlay("/usr", 3);
  usr.open_below = {"local", "share/locale"};
  BuildStep etc = overlay("/etc", 64);
  etc.copyable = true;  // container runtimes mount hosts and resolv.conf into it
  BuildStep opt = overlay("/opt", 1);
  for (BuildStep* layer : {&usr, &etc, &opt}) {
    layer->optional = layer != &usr;
    hide_below(*layer, hidden);
    if (exists(layer->source))
      steps.push_back(*layer);
    else
      steps.push_back(folder(layer->target, 0755));
  }
  add_top_folders(steps);
}

void add_own_folders(const NodeSpec& node, std::vector<BuildStep>& steps) {
  steps.push_back(own("/mnt", "mnt", 0755));
  for (const char* path : {"/mnt/var", "/mnt/var/lib", "/mnt/var/lib/info"})
    steps.push_back(folder(path, 0755));
  steps.push_back(own("/mnt/var/log", "log", 0775, kHadoopId));
  for (const char* path : {"/mnt/tmp", "/mnt/s3"}) steps.push_back(folder(path, 01777));
  for (size_t i = 1; i < node.volumes_gib.size(); ++i) {
    const std::string name = "mnt" + std::to_string(i);
    steps.push_back(own("/" + name, name, 0755));
  }
  steps.push_back(own("/home", "home", 0755));
  steps.push_back(folder("/home/hadoop", 0755, kHadoopId));
  steps.push_back(own("/root", "root", 0700));
  steps.push_back(own("/tmp", "tmp", 01777));
  steps.push_back(own("/var", "var", 0755));
  for (const char* path : {"/var/lib", "/var/cache", "/var/spool", "/var/opt", "/var/cache/apt",
                           "/var/cache/apt/archives", "/var/cache/apt/archives/partial"})
    steps.push_back(folder(path, 0755));
  steps.push_back(folder("/var/tmp", 01777));
  steps.push_back(step(Kind::kLink, "/var/log", "/mnt/var/log"));
  steps.push_back(step(Kind::kLink, "/var/run", "/run"));
  steps.push_back(step(Kind::kLink, "/var/lock", "/run/lock"));
  for (const char* path : {"/var/lib/dpkg", "/var/lib/apt", "/var/cache/debconf"}) {
    BuildStep layer = overlay(path, 64);
    layer.copyable = true;
    layer.open_files = true;  // debconf, dpkg and apt write files that are there already
    // Locks are made anew: the host's are its root's, whom the node may not have.
    layer.hidden = {"lock",       "lock-frontend", "triggers/Lock",
                    "lists/lock", "lists/partial", "lists/auxfiles"};
    steps.push_back(layer);
  }
  steps.push_back(folder("/srv", 0755));
}

void add_kernel_folders(std::vector<BuildStep>& steps) {
  steps.push_back(step(Kind::kTmpfs, "/run"));
  steps.push_back(folder("/run/lock", 01777));
  steps.push_back(step(Kind::kProc, "/proc"));
  BuildStep sys = step(Kind::kBind, "/sys", "/sys");
  sys.read_only = true;
  steps.push_back(sys);
  steps.push_back(step(Kind::kDevices, "/dev"));
}

// The host's system accounts (packages name them), `hadoop`, and no one else of the host.
std::string accounts(const char* file, size_t id_field, const std::string& own_line) {
  std::string out;
  if (auto text = os::read_file(file); text.ok())
    for (const auto line : base::split(*text, '\n')) {
      const auto fields = base::split(line, ':');
      if (fields.size() <= id_field || fields[0] == "hadoop") continue;
      const long id = std::atol(std::string(fields[id_field]).c_str());
      if (id < 1000 || id == 65534) out += std::string(line) + "\n";
    }
  return out + own_line + "\n";
}

std::string hosts_of(const std::string& hostname) {
  std::string text =
      "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.0.1 " + hostname;
  if (const size_t dot = hostname.find('.'); dot != hostname.npos && dot > 0)
    text += " " + hostname.substr(0, dot);
  text += "\n";
  if (auto host = os::read_file("/etc/hosts"); host.ok())
    for (const auto line : base::split(*host, '\n')) {
      const auto trimmed = base::trim(line);
      if (!trimmed.empty() && trimmed[0] != '#' && trimmed.find("localhost") == trimmed.npos)
        text += std::string(trimmed) + "\n";
    }
  return text;
}

// A node of a network knows the network's names and none of the host's, whose addresses may mean
// something else there.
std::string hosts_of_network(const NodeSpec& node) {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" +
                     node.address + " " + node.hostname;
  if (const size_t dot = node.hostname.find('.'); dot != node.hostname.npos && dot > 0)
    text += " " + node.hostname.substr(0, dot);
  text += "\n";
  for (const auto& [address, names] : node.hosts)
    if (address != node.address) text += address + " " + base::join(names, " ") + "\n";
  return text;
}

std::string resolv_conf(const std::string& name_server) {
  const auto host = os::read_file("/etc/resolv.conf").value_or("");
  if (name_server.empty()) return host;
  std::string text = "nameserver " + name_server + "\n";
  for (const auto line : base::split(host, '\n'))
    if (line.rfind("search ", 0) == 0 || line.rfind("options ", 0) == 0)
      text += std::string(line) + "\n";
  return text;
}

void add_files(const RootPlan& plan, std::vector<os::ContainerFile>& files) {
  auto add = [&](std::string path, std::string contents, uint32_t mode = 0644) {
    files.push_back({std::move(path), std::move(contents), mode, 0, 0, false});
  };
  add("/etc/passwd",
      accounts("/etc/passwd", 2, "hadoop:x:1000:1000:EMR user:/home/hadoop:/bin/bash"));
  add("/etc/group", accounts("/etc/group", 2, "hadoop:x:1000:"));
  add("/etc/hosts",
      plan.network.folder.empty() ? hosts_of(plan.node.hostname) : hosts_of_network(plan.node));
  files.back().in_place = true;
  add("/etc/hostname", plan.node.hostname + "\n");
  add("/etc/resolv.conf", resolv_conf(plan.name_server));
  add("/etc/sudoers", "hadoop ALL=(ALL) NOPASSWD: ALL\n", 0440);
  if (plan.ids.kind == os::IdMap::Kind::kSingle)
    add("/etc/apt/apt.conf.d/00howdah", "APT::Sandbox::User \"root\";\n");
  for (const auto& file : plan.node.files) {
    const bool home = is_below(file.path.string(), "/home/hadoop");
    files.push_back({file.path.string(), file.contents, file.mode, home ? kHadoopId : 0,
                     home ? kHadoopId : 0, false});
  }
}

// Whoever writes a spec's hosts writes a file: no line may become two.
base::Status check_hosts(const NodeSpec& node) {
  const auto plain = [](const std::string& text) {
    return !text.empty() && text.find_first_of(" \t\r\n#") == text.npos;
  };
  for (const auto& [address, names] : node.hosts) {
    bool good = plain(address) && !names.empty();
    for (const auto& name : names) good = good && plain(name);
    if (!good)
      return base::invalid_argument("'" + address + " " + base::join(names, " ") +
                                    "' is not a line of a hosts file");
  }
  return base::ok();
}

base::Status check_path(const std::filesystem::path& path) {
  if (!path.is_absolute() || path.lexically_normal() != path || path == "/")
    return base::invalid_argument("'" + path.string() +
                                  "' is not a plain absolute path inside a node");
  return base::ok();
}

}  // namespace

std::vector<std::string> find_private_paths() {
  std::vector<std::string> found;
  char etc[] = "/etc", opt[] = "/opt", local[] = "/usr/local";
  char* const tops[] = {etc, opt, local, nullptr};
  FTS* walk = ::fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR, nullptr);
  if (walk == nullptr) return found;
  while (FTSENT* entry = ::fts_read(walk)) {
    const bool folder = entry->fts_info == FTS_D || entry->fts_info == FTS_DNR;
    const bool file = entry->fts_info == FTS_F || entry->fts_info == FTS_DEFAULT;
    if (!folder && !file) continue;
    const mode_t needed = folder ? (S_IROTH | S_IXOTH) : S_IROTH;
    if ((entry->fts_statp->st_mode & needed) == needed || entry->fts_level == 0) continue;
    found.emplace_back(entry->fts_path);
    if (folder) ::fts_set(walk, entry, FTS_SKIP);
  }
  ::fts_close(walk);
  return found;
}

base::Result<os::ContainerSpec> plan_root(const RootPlan& plan) {
  const auto& hostname = plan.node.hostname;
  if (hostname.empty() || hostname.size() > 64 ||
      hostname.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != hostname.npos)
    return base::invalid_argument("'" + hostname + "' is not a host name of at most 64 characters");
  TRY(check_hosts(plan.node));
  os::ContainerSpec spec;
  spec.hostname = hostname;
  spec.network = plan.network;
  spec.fs = plan.fs;
  spec.ids = plan.ids;
  add_programs(plan, spec.steps);
  add_own_folders(plan.node, spec.steps);
  add_kernel_folders(spec.steps);
  for (const auto& mount : plan.node.mounts) {
    TRY(check_path(mount.target));
    if (!exists(mount.source))
      return base::not_found("the mount source " + mount.source.string() + " does not exist");
    BuildStep bind = step(Kind::kBind, mount.target.string(), mount.source.string());
    bind.read_only = mount.read_only;
    spec.steps.push_back(bind);
  }
  const bool setuid = plan.ids.kind != os::IdMap::Kind::kSingle;
  spec.steps.push_back(
      step(Kind::kCopy, "/usr/bin/sudo", plan.sudo.string(), setuid ? 04755 : 0755));
  for (const auto& file : plan.node.files) TRY(check_path(file.path));
  add_files(plan, spec.files);
  return spec;
}

}  // namespace howdah::nodes
