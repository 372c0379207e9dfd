#include "control/clusters/node_logs.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "control/clusters/hadoop.h"
#include "control/jobs/ship_file.h"
#include "job/yarn_names.h"

namespace howdah::control {
namespace {

using base::Millis;
using base::Status;
using cluster::Cluster;
using cluster::Node;

constexpr Millis kDaemonsEvery{5 * 60 * 1000};  // as EMR's log pusher
constexpr Millis kLastWithin{8000};  // the terminal state waits no longer than ten seconds for logs
constexpr Millis kContainersWithin{5000};
// The script that starts a container holds its environment, and so its role's token.
constexpr const char* kLaunchScript = "launch_container.sh";
constexpr int kSenders = 4;
constexpr int kDeepest = 4;
constexpr size_t kMostFiles = 20000;
constexpr size_t kMostSent = 100000;
constexpr size_t kLogTail = 256 * 1024;
constexpr uint64_t kMostOfDriver = 64ull << 20;

// Below /var/log, what is no application of the cluster's: the steps and bootstrap actions, which
// go their own way, and what the packages of the host's distribution keep there.
bool is_application(const std::string& folder) {
  constexpr std::array kOthers = {"hadoop",  "bootstrap-actions", "apt",  "journal",
                                  "private", "sysstat",           "runit"};
  return std::find(kOthers.begin(), kOthers.end(), folder) == kOthers.end();
}

// Folders of what is no log: containers go elsewhere, event logs are data.
bool is_left_out(const std::filesystem::path& folder) {
  return folder == job::kContainersFolder || folder == "/mnt/var/log/spark/apps";
}

Status copy(int from, int to) {
  std::array<char, 64 * 1024> buffer;
  uint64_t copied = 0;
  while (copied < kMostOfDriver) {
    const ssize_t got = ::pread(from, buffer.data(), buffer.size(), static_cast<off_t>(copied));
    if (got < 0) return base::from_errno("read a container's log");
    if (got == 0) return base::ok();
    copied += static_cast<uint64_t>(got);
    for (std::string_view left(buffer.data(), static_cast<size_t>(got)); !left.empty();) {
      const ssize_t wrote = ::write(to, left.data(), left.size());
      if (wrote < 0) return base::from_errno("copy a container's log");
      left.remove_prefix(static_cast<size_t>(wrote));
    }
  }
  return base::ok();
}

}  // namespace

Status NodeLogs::ship(const Cluster& cluster, const Node& node, bool last) {
  const auto place = log_place(cluster.wanted.log_uri);
  if (!place) return base::ok();
  const Millis until = clock_.steady() + (last ? kLastWithin : Millis(60000));
  const Millis at_once{0};
  const Status daemons = send_all(daemons_of(cluster, node, *place), place->bucket,
                                  last ? at_once : kDaemonsEvery, until);
  const Status containers =
      send_all(containers_of(cluster, node, *place, ""), place->bucket, at_once, until);
  const Node* primary = cluster::primary_of(cluster);
  const bool has_history = primary != nullptr && primary->number == node.number &&
                           node.state == cluster::InstanceState::kRunning;
  const Status history =
      has_history ? ship_history(cluster, node, *place, until) : Status(base::ok());
  if (last) {
    const std::string prefix = cluster::node_id(cluster, node.number) + ":";
    std::lock_guard lock(mutex_);
    std::erase_if(sent_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
  }
  for (const Status* status : {&daemons, &containers, &history})
    if (!status->ok()) return *status;
  return base::ok();
}

Status NodeLogs::ship_containers(const Cluster& cluster, const cluster::Step& step) {
  const auto place = log_place_of(cluster, step);
  const Millis until = clock_.steady() + kContainersWithin;
  const Node* primary = cluster::primary_of(cluster);
  if (primary == nullptr) return base::ok();
  std::vector<NodeLog> logs;
  std::vector<std::string> names;
  std::map<std::string, std::string> node_of;  // by container
  std::string driver_application;
  for (const std::string& application : applications_of_step(cluster, step)) {
    names.clear();
    for (const Node& node : cluster.status.nodes) {
      const std::string id = cluster::node_id(cluster, node.number);
      const auto containers =
          nodes_.list_folder(id, std::filesystem::path(job::kContainersFolder) / application);
      if (!containers.ok()) continue;
      for (const nodes::FolderEntry& entry : *containers) {
        if (!entry.folder) continue;
        names.push_back(entry.name);
        node_of[entry.name] = id;
      }
      if (!place) continue;
      const auto found = containers_of(cluster, node, *place, application);
      logs.insert(logs.end(), found.begin(), found.end());
    }
    if (const std::string first = job::first_container(names); !first.empty())
      driver_application = first;
  }
  const std::string primary_id = cluster::node_id(cluster, primary->number);
  if (!driver_application.empty()) {
    const std::filesystem::path folder = step_log_folder(step.id);
    const auto marker = nodes_.open_log(primary_id, folder / job::kDriver);
    if (marker.ok() && tail_of(marker->get(), 1).empty()) {
      const std::string& container = driver_application;
      const std::filesystem::path from = std::filesystem::path(job::kContainersFolder) /
                                         job::application_of_container(container) / container;
      for (const auto& [name, as] :
           {std::pair("stdout", job::kDriverStdout), std::pair("stderr", job::kDriverStderr)}) {
        const auto source = nodes_.open_file(node_of[container], from / name);
        const auto target = nodes_.open_log(primary_id, folder / as);
        if (source.ok() && target.ok()) TRY(copy(source->get(), target->get()));
      }
      TRY(append_once(marker->get(),
                      job::application_of_container(container) + " " + container + "\n", ""));
    }
  }
  if (!place) return base::ok();
  const Status sent = send_all(logs, place->bucket, Millis(0), until);
  const Status history = ship_history(cluster, *primary, *place, until);
  if (!history.ok())
    base::log_info("control", "{}: {}: job history: {}", cluster.key.id, step.id,
                   history.error().message);
  return sent;
}

std::vector<std::string> NodeLogs::applications_of_step(const Cluster& cluster,
                                                        const cluster::Step& step) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& id) {
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  };
  if (const auto tagged = applications_of(nodes_, clock_, cluster, step, true); tagged.ok())
    for (const YarnApplication& app : *tagged) add(app.id);
  std::sort(out.begin(), out.end());  // the number has leading zeros: the order of submission
  const Node* primary = cluster::primary_of(cluster);
  for (const char* file : {"stderr", "syslog"}) {
    const auto log = nodes_.open_file(cluster::node_id(cluster, primary->number),
                                      step_log_folder(step.id) / file);
    if (!log.ok()) continue;
    for (const std::string& id : job::submitted_applications(tail_of(log->get(), kLogTail)))
      add(id);
  }
  return out;
}

std::vector<NodeLog> NodeLogs::daemons_of(const Cluster& cluster, const Node& node,
                                          const LogPlace& place) {
  std::vector<NodeLog> out;
  const std::string id = cluster::node_id(cluster, node.number);
  const std::filesystem::path logs = "/mnt/var/log";
  const auto folders = nodes_.list_folder(id, logs);
  if (!folders.ok()) return out;
  for (const nodes::FolderEntry& entry : *folders) {
    if (!entry.folder || !is_application(entry.name)) continue;
    const char* kind = entry.name == "instance-controller" ? "daemons" : "applications";
    collect(id, logs / entry.name,
            place.key(fmt::format("{}/node/{}/{}/{}", cluster.key.id, node.instance_id, kind,
                                  entry.name)),
            1, out);
  }
  return out;
}

std::vector<NodeLog> NodeLogs::containers_of(const Cluster& cluster, const Node& node,
                                             const LogPlace& place,
                                             const std::string& application) {
  std::vector<NodeLog> out;
  const std::string id = cluster::node_id(cluster, node.number);
  const std::filesystem::path containers = job::kContainersFolder;
  std::vector<std::string> applications;
  if (!application.empty()) {
    applications.push_back(application);
  } else if (const auto folders = nodes_.list_folder(id, containers); folders.ok()) {
    for (const nodes::FolderEntry& entry : *folders)
      if (entry.folder && job::is_application_id(entry.name)) applications.push_back(entry.name);
  }
  for (const std::string& name : applications) {
    const auto folders = nodes_.list_folder(id, containers / name);
    if (!folders.ok()) continue;
    for (const nodes::FolderEntry& entry : *folders) {
      if (!entry.folder || job::application_of_container(entry.name) != name) continue;
      collect(id, containers / name / entry.name,
              place.key(fmt::format("{}/containers/{}/{}", cluster.key.id, name, entry.name)),
              kDeepest, out);
    }
  }
  return out;
}

void NodeLogs::collect(const std::string& node_id, const std::filesystem::path& folder,
                       const std::string& key, int depth, std::vector<NodeLog>& out) {
  if (is_left_out(folder)) return;
  const auto entries = nodes_.list_folder(node_id, folder);
  if (!entries.ok()) return;
  for (const nodes::FolderEntry& entry : *entries) {
    if (out.size() >= kMostFiles) return;
    if (entry.folder) {
      if (depth < kDeepest)
        collect(node_id, folder / entry.name, key + "/" + entry.name, depth + 1, out);
    } else if (entry.size > 0 && entry.name != kLaunchScript) {
      out.push_back({node_id, folder / entry.name, key + "/" + entry.name + ".gz"});
    }
  }
}

Status NodeLogs::send_all(const std::vector<NodeLog>& logs, const std::string& bucket, Millis every,
                          Millis until) {
  std::atomic<size_t> next = 0;
  std::atomic<int> left = 0;
  std::mutex mutex;
  std::optional<base::Error> failure;
  const auto work = [&] {
    for (size_t i = next++; i < logs.size(); i = next++) {
      if (clock_.steady() >= until) {
        ++left;
        continue;
      }
      if (Status sent = send(logs[i], bucket, every); !sent.ok()) {
        std::lock_guard lock(mutex);
        if (!failure) failure = std::move(sent).error();
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (int i = 1; i < kSenders && static_cast<size_t>(i) < logs.size(); ++i)
      others.emplace_back(work);
    work();
  }
  if (failure) return *failure;
  if (left > 0) {
    return base::Error{base::Code::kDeadlineExceeded,
                       fmt::format("{} of {} logs were not sent to s3://{} in time",
                                   static_cast<int>(left), logs.size(), bucket),
                       {},
                       {}};
  }
  return base::ok();
}

bool NodeLogs::unchanged(const std::string& name, const std::string& bucket, const std::string& key,
                         const Sent& now, Millis every) {
  {
    std::lock_guard lock(mutex_);
    if (const auto it = sent_.find(name); it != sent_.end()) {
      const bool same = it->second.size == now.size && it->second.modified == now.modified;
      return same || clock_.steady() - it->second.at < every;
    }
  }
  // Nothing is known of it since this process began: the object tells.
  const auto there = objects_.head(bucket, key);
  if (!there.ok() || there->modified <= now.modified) return false;
  std::lock_guard lock(mutex_);
  sent_[name] = now;
  return true;
}

Status NodeLogs::send(const NodeLog& log, const std::string& bucket, Millis every) {
  auto opened = nodes_.open_file(log.node_id, log.inside);
  if (!opened.ok()) return base::ok();  // it went away meanwhile, or is none of ours to read
  struct stat info {};
  if (::fstat(opened->get(), &info) != 0 || info.st_size == 0) return base::ok();
  Sent now;
  now.size = static_cast<uint64_t>(info.st_size);
  now.modified = base::from_millis(info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000);
  now.at = clock_.steady();
  const std::string name = log.node_id + ":" + log.inside.string();
  if (unchanged(name, bucket, log.key, now, every)) return base::ok();
  TRY(ship_file(objects_, bucket, log.key, std::move(*opened)));
  std::lock_guard lock(mutex_);
  if (sent_.size() >= kMostSent) sent_.clear();
  sent_[name] = now;
  return base::ok();
}

}  // namespace howdah::control
