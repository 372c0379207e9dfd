#include "control/clusters/job_history.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "control/clusters/hadoop.h"
#include "control/clusters/node_logs.h"
#include "control/jobs/ask_inside.h"
#include "control/jobs/ship_file.h"

namespace howdah::control {
namespace {

using base::Millis;
using base::Result;
using cluster::Cluster;

constexpr Millis kPatience{1000};
constexpr Millis kReadPatience{5000};
constexpr size_t kMostEntries = 2000;
constexpr size_t kMostBytes = 64u << 20;
constexpr int kDeepest = 7;  // done/YYYY/MM/DD/000000/<file>, and done_intermediate/<user>/<file>
// yarn.app.mapreduce.am.staging-dir with /history, as mapred-site has it.
constexpr const char* kHistory = "/tmp/hadoop-yarn/staging/history";

Result<std::string> ask_hdfs(nodes::Provider& nodes, const base::Clock& clock,
                             const Cluster& cluster, const std::string& path,
                             std::string_view operation) {
  const cluster::Node* primary = cluster::primary_of(cluster);
  if (primary == nullptr) return base::unavailable("the cluster has no primary node");
  http::ExchangeRequest request;
  request.target = fmt::format("/webhdfs/v1{}?op={}&user.name=hadoop",
                               base::percent_encode(path, "/"), operation);
  InsideAnswer answer = TRY(ask_inside(nodes, clock, cluster::node_id(cluster, primary->number),
                                       kNameNodePort, std::move(request), kPatience));
  if (answer.status == 404) return base::not_found("HDFS has no " + path);
  if (answer.status != 200)
    return base::unavailable(fmt::format("HDFS answers {} for {}", answer.status, path));
  return std::move(answer.body);
}

// "2026/11/21/000000" of a file below done/, else made of its time.
std::string day_of(const std::string& path, base::Time modified) {
  const std::string done = std::string(kHistory) + "/done/";
  if (path.starts_with(done)) {
    const size_t name = path.rfind('/');
    const std::string day = path.substr(done.size(), name - std::min(name, done.size()));
    if (std::count(day.begin(), day.end(), '/') == 3) return day;
  }
  std::string day = base::to_iso8601(modified).substr(0, 10);
  std::replace(day.begin(), day.end(), '-', '/');
  return day + "/000000";
}

void find_below(nodes::Provider& nodes, const base::Clock& clock, const Cluster& cluster,
                const std::string& folder, int depth, std::vector<HistoryFile>& out) {
  const auto answer = ask_hdfs(nodes, clock, cluster, folder, "LISTSTATUS");
  if (!answer.ok()) return;
  auto entries = read_listing(*answer);
  if (!entries.ok()) return;
  std::sort(entries->begin(), entries->end(),
            [](const HdfsEntry& a, const HdfsEntry& b) { return a.name > b.name; });
  for (const HdfsEntry& entry : *entries) {
    if (out.size() >= kMostEntries) return;
    const std::string path = folder + "/" + entry.name;
    if (entry.folder) {
      if (depth < kDeepest) find_below(nodes, clock, cluster, path, depth + 1, out);
    } else if (entry.name.ends_with(".jhist") || entry.name.ends_with("_conf.xml")) {
      out.push_back(
          {path, day_of(path, entry.modified) + "/" + entry.name, entry.size, entry.modified});
    }
  }
}

}  // namespace

Result<std::vector<HdfsEntry>> read_listing(std::string_view answer) {
  const auto parsed = base::parse_json(answer);
  const base::JsonObject* statuses = parsed.ok() && parsed->is_object()
                                         ? base::find_object(parsed->as_object(), "FileStatuses")
                                         : nullptr;
  const base::JsonArray* list =
      statuses == nullptr ? nullptr : base::find_array(*statuses, "FileStatus");
  if (list == nullptr) return base::invalid_argument("HDFS did not answer with a listing");
  std::vector<HdfsEntry> out;
  for (const base::Json& entry : *list) {
    if (!entry.is_object() || out.size() >= kMostEntries) continue;
    const base::JsonObject& object = entry.as_object();
    HdfsEntry one;
    one.name = base::text_at(object, "pathSuffix");
    if (one.name.empty() || one.name == "." || one.name == ".." || one.name.size() > 512 ||
        one.name.find_first_of(std::string_view("/\0\r\n", 4)) != std::string::npos)
      continue;
    one.folder = base::text_at(object, "type") == "DIRECTORY";
    one.size = static_cast<uint64_t>(std::max<int64_t>(0, base::int_at(object, "length")));
    one.modified = base::from_millis(
        std::clamp<int64_t>(base::int_at(object, "modificationTime"), 0, 4102444800000));
    out.push_back(std::move(one));
  }
  return out;
}

Result<HdfsPlace> read_place(std::string_view answer) {
  const auto refused = [] {
    return base::invalid_argument("HDFS did not say where the file's bytes are");
  };
  const auto parsed = base::parse_json(answer);
  if (!parsed.ok() || !parsed->is_object()) return refused();
  std::string_view location = base::text_at(parsed->as_object(), "Location");
  constexpr std::string_view kScheme = "http://";
  if (!location.starts_with(kScheme)) return refused();
  location.remove_prefix(kScheme.size());
  const size_t slash = location.find('/');
  if (slash == std::string_view::npos) return refused();
  const std::string_view authority = location.substr(0, slash);
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return refused();
  HdfsPlace out;
  out.host = authority.substr(0, colon);
  const std::string_view port = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port == 0 || out.host.empty())
    return refused();
  out.target = location.substr(slash);
  return out;
}

Result<std::vector<HistoryFile>> find_history(nodes::Provider& nodes, const base::Clock& clock,
                                              const Cluster& cluster) {
  std::vector<HistoryFile> out;
  const auto there = ask_hdfs(nodes, clock, cluster, kHistory, "LISTSTATUS");
  if (!there.ok()) {
    if (there.error().code == base::Code::kNotFound) return out;  // no job has ended yet
    return there.error();
  }
  find_below(nodes, clock, cluster, kHistory, 1, out);
  return out;
}

Result<std::string> read_history(nodes::Provider& nodes, const base::Clock& clock,
                                 const Cluster& cluster, const std::string& path) {
  const HdfsPlace place =
      TRY(read_place(TRY(ask_hdfs(nodes, clock, cluster, path, "OPEN&noredirect=true"))));
  for (const cluster::Node& node : cluster.status.nodes) {
    if (cluster::is_over(node)) continue;
    if (place.host != cluster::private_dns(cluster, node) && place.host != node.address) continue;
    http::ExchangeRequest request;
    request.target = place.target;
    InsideAnswer answer =
        TRY(ask_inside(nodes, clock, cluster::node_id(cluster, node.number), place.port,
                       std::move(request), kReadPatience, kMostBytes));
    if (answer.status != 200)
      return base::unavailable(
          fmt::format("the DataNode on {} answers {} for {}", place.host, answer.status, path));
    return std::move(answer.body);
  }
  return base::unavailable("HDFS names " + place.host + ", which is no node of this cluster");
}

base::Status NodeLogs::ship_history(const Cluster& cluster, const cluster::Node& primary,
                                    const LogPlace& place, Millis until) {
  const auto found = find_history(nodes_, clock_, cluster);
  if (!found.ok()) {
    // A cluster without HDFS, or one that is on its way up or down, has none.
    return found.error().code == base::Code::kUnavailable ? base::Status(base::ok())
                                                          : base::Status(found.error());
  }
  for (const HistoryFile& file : *found) {
    if (clock_.steady() >= until) return base::ok();  // the next time
    const std::string key =
        place.key(fmt::format("{}/hadoop-mapreduce/history/{}.gz", cluster.key.id, file.key));
    const std::string name =
        cluster::node_id(cluster, primary.number) + ":hdfs:" + file.key;  // wherever it lies now
    // A finished job's files do not change; moving them to `done` gives them another time.
    Sent now{file.size, base::Time{}, clock_.steady()};
    {
      std::lock_guard lock(mutex_);
      if (const auto it = sent_.find(name); it != sent_.end() && it->second.size == now.size)
        continue;
    }
    if (const auto there = objects_.head(place.bucket, key);
        there.ok() && there->modified > file.modified) {
      std::lock_guard lock(mutex_);
      sent_[name] = now;
      continue;
    }
    const auto text = read_history(nodes_, clock_, cluster, file.path);
    if (!text.ok()) {  // moved meanwhile, most likely; found again the next time
      base::log_info("control", "{}: {}", cluster.key.id, text.error().message);
      continue;
    }
    base::Fd memory(::memfd_create("job-history", MFD_CLOEXEC));
    if (!memory.valid()) return base::from_errno("memfd_create");
    TRY(append_once(memory.get(), *text, ""));
    ::lseek(memory.get(), 0, SEEK_SET);
    TRY(ship_file(objects_, place.bucket, key, std::move(memory)));
    std::lock_guard lock(mutex_);
    sent_[name] = now;
  }
  return base::ok();
}

}  // namespace howdah::control
