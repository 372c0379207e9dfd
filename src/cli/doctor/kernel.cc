#include <unistd.h>

#include <filesystem>

#include "base/text.h"
#include "cli/doctor/check.h"
#include "cli/program.h"
#include "os/file.h"

namespace howdah::cli {

namespace fs = std::filesystem;
using Verdict = Check::Verdict;

namespace {

constexpr base::Millis kPatience{5000};

Check namespaces() {
  auto tried = capture(
      {"unshare", "--user", "--map-root-user", "--mount", "--pid", "--uts", "--fork", "true"},
      kPatience);
  if (!tried.ok())
    return {"namespaces", Verdict::kFail, tried.error().message, "apt-get install util-linux"};
  if (tried->exit_code == 0) return {"namespaces", Verdict::kOk, "user, mount, pid, uts", ""};
  return {"namespaces", Verdict::kFail,
          "the kernel refuses: " + std::string(base::trim(tried->output)),
          "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000, or run as "
          "root"};
}

Check overlay() {
  std::string known = os::read_file("/proc/filesystems").value_or("");
  if (known.find("\toverlay\n") != std::string::npos) {
    return {"overlayfs", Verdict::kOk, "known to the kernel", ""};
  }
  return {"overlayfs", Verdict::kFail, "not known to the kernel", "modprobe overlay"};
}

Check cgroups() {
  std::error_code error;
  if (fs::exists("/sys/fs/cgroup/cgroup.controllers", error)) {
    return {"cgroups", Verdict::kOk, "version 2", ""};
  }
  if (fs::exists("/sys/fs/cgroup/memory", error)) return {"cgroups", Verdict::kOk, "version 1", ""};
  return {"cgroups", Verdict::kWarn, "none: memory limits of jobs are not enforced",
          "mount -t cgroup2 none /sys/fs/cgroup"};
}

Check subuids() {
  if (::geteuid() == 0)
    return {"users of nodes", Verdict::kOk, "root: a uid range per cluster", ""};
  std::string ranges = os::read_file("/etc/subuid").value_or("");
  const char* name = ::getlogin();
  std::string user = name == nullptr ? std::to_string(::geteuid()) : name;
  bool has_range = ("\n" + ranges).find("\n" + user + ":") != std::string::npos;
  if (has_range && find_program("newuidmap")) {
    return {"users of nodes", Verdict::kOk, "subuids of " + user, ""};
  }
  return {"users of nodes", Verdict::kWarn, "no subuids: jobs run under one uid",
          "sudo apt-get install uidmap && sudo usermod --add-subuids 100000-165535 " + user};
}

}  // namespace

std::vector<Check> check_kernel() { return {namespaces(), overlay(), cgroups(), subuids()}; }

}  // namespace howdah::cli
