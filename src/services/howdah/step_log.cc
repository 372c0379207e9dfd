#include "services/howdah/step_log.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>

#include "job/yarn_names.h"

namespace howdah::services {
namespace {

constexpr std::array<std::string_view, 6> kFiles = {
    "controller", "syslog", "stderr", "stdout", job::kDriverStdout, job::kDriverStderr};
constexpr size_t kTail = 256 * 1024;

std::filesystem::path folder_of(const std::string& step) {
  return std::filesystem::path("/mnt/var/log/hadoop/steps") / step;
}

uint64_t size_of(const base::Fd& fd) {
  struct stat info {};
  return fd.valid() && ::fstat(fd.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

std::string tail_of(const base::Fd& fd) {
  const uint64_t size = size_of(fd);
  std::string out(static_cast<size_t>(std::min<uint64_t>(size, kTail)), '\0');
  const ssize_t got =
      ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(size - out.size()));
  out.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return out;
}

}  // namespace

StepLog::StepLog(store::ControlStore& store, nodes::Provider& nodes, cluster::Key key,
                 std::string step, std::string file)
    : store_(store),
      nodes_(nodes),
      key_(std::move(key)),
      step_(std::move(step)),
      file_(std::move(file)) {}

bool StepLog::is_name(std::string_view file) {
  return std::find(kFiles.begin(), kFiles.end(), file) != kFiles.end();
}

std::string StepLog::names() { return fmt::format("{}", fmt::join(kFiles, ", ")); }

std::string StepLog::primary_node(const cluster::Cluster& cluster) const {
  const cluster::Node* primary = cluster::primary_of(cluster);
  return cluster::node_id(cluster, primary == nullptr ? 0 : primary->number);
}

const base::Fd& StepLog::open() {
  if (settled_) return log_;
  const auto row = store_.cluster(key_);
  if (!row.ok()) return log_;
  const cluster::Cluster cluster = row->as_cluster();
  const bool driver_alone = file_.starts_with(job::kDriver);
  if (!driver_alone) {
    auto own = nodes_.open_file(primary_node(cluster), folder_of(step_) / file_);
    if (own.ok()) log_ = std::move(*own);
    // Only an output can be elsewhere, and only as long as the step itself has written none.
    settled_ = size_of(log_) > 0;
    if (settled_ || file_ != "stdout") return log_;
  }
  if (base::Fd driver = open_driver(cluster); driver.valid()) {
    log_ = std::move(driver);
    settled_ = true;
  }
  return log_;
}

base::Fd StepLog::open_driver(const cluster::Cluster& cluster) {
  const bool wants_stderr = file_ == job::kDriverStderr;
  const std::string primary = primary_node(cluster);
  // The copy is whole when the marker says so.
  const auto marker = nodes_.open_file(primary, folder_of(step_) / job::kDriver);
  if (marker.ok() && size_of(*marker) > 0) {
    auto copy = nodes_.open_file(
        primary, folder_of(step_) / (wants_stderr ? job::kDriverStderr : job::kDriverStdout));
    if (copy.ok()) return std::move(*copy);
  }
  const auto client = nodes_.open_file(primary, folder_of(step_) / "stderr");
  if (!client.ok()) return {};
  const auto applications = job::submitted_applications(tail_of(*client));
  if (applications.empty()) return {};
  const std::filesystem::path folder =
      std::filesystem::path(job::kContainersFolder) / applications.back();
  std::map<std::string, std::string> node_of;
  std::vector<std::string> names;
  for (const cluster::Node& node : cluster.status.nodes) {
    const std::string id = cluster::node_id(cluster, node.number);
    const auto containers = nodes_.list_folder(id, folder);
    if (!containers.ok()) continue;
    for (const nodes::FolderEntry& entry : *containers) {
      names.push_back(entry.name);
      node_of[entry.name] = id;
    }
  }
  const std::string first = job::first_container(names);
  if (first.empty()) return {};
  auto log =
      nodes_.open_file(node_of[first], folder / first / (wants_stderr ? "stderr" : "stdout"));
  // In client mode the first container is YARN's own master, which writes nothing there.
  if (!log.ok() || size_of(*log) == 0) return {};
  return std::move(*log);
}

}  // namespace howdah::services
