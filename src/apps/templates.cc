#include "apps/templates.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "apps/files.h"
#include "base/json.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;

base::Error broken(const fs::path& path, std::string_view what) {
  return base::invalid_argument(fmt::format("{}: {}", path.string(), what));
}

// The first {{name}} that is no fact, or empty.
std::string unknown_fact(std::string_view text) {
  for (size_t at = 0; (at = text.find("{{", at)) != std::string_view::npos; at += 2) {
    const size_t end = text.find("}}", at);
    if (end == std::string_view::npos) return std::string(text.substr(at));
    const std::string name(text.substr(at + 2, end - at - 2));
    const std::vector<std::string>& known = fact_names();
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return {};
}

base::Result<Settings> read_settings(const fs::path& path, std::string_view where,
                                     const base::JsonObject& from) {
  Settings out;
  for (const auto& member : from) {
    const std::string key(member.key());
    if (!member.value().is_string())
      return broken(path, fmt::format("{}: {} is not a string", where, key));
    const std::string value(base::view_of(member.value().as_string()));
    const std::string unknown = unknown_fact(value);
    if (!unknown.empty())
      return broken(path, fmt::format("{}: {}: there is no fact {}", where, key, unknown));
    out.emplace_back(key, value);
  }
  return out;
}

}  // namespace

const std::vector<std::string>& fact_names() {
  static const std::vector<std::string> names = {
      "endpoint",                   // "http://localhost:4566": all AWS APIs, inside the node
      "region",                     // "us-east-1"
      "cluster_id",                 // "j-3SD91U2E1L2QX"
      "release_label",              // "emr-7.10.0"
      "hostname",                   // "ip-10-0-0-1.ec2.internal": this node's
      "primary",                    // the same of the primary node
      "local_ip",                   // this node's own address
      "java_home",                  // as seen inside the node
      "driver_memory_mib",          // see driver_memory_mib() in node_view.h
      "vcpu",                       // of this node's instance type
      "replication",                // of HDFS: 1, 2, 3 with the number of core nodes
      "yarn_memory_mib",            // what the NodeManager of this node offers
      "yarn_largest_mib",           // the largest container of the cluster
      "map_memory_mib",             // MapReduce's containers, and the heaps in them
      "map_heap_mib",               //
      "reduce_memory_mib",          //
      "reduce_heap_mib",            //
      "reduces",                    // mapreduce.job.reduces
      "spark_executor_memory_mib",  // the heap
      "spark_executor_cores",       //
      "spark_driver_memory_mib",    // on YARN
      "spark_instances",            // executors, where their number is fixed
      "spark_parallelism",          //
      "hdfs_dirs",                  // "/mnt/hdfs,/mnt1/hdfs"
      "hdfs_folders",               // the same with blanks
      "yarn_dirs",                  // "/mnt/yarn,/mnt1/yarn"
      "yarn_folders",               //
      "aux_services",               // "mapreduce_shuffle,spark_shuffle"
  };
  return names;
}

std::string fill(std::string_view text, const std::map<std::string, std::string>& facts) {
  std::string out;
  for (;;) {
    const size_t at = text.find("{{");
    const size_t end = at == std::string_view::npos ? at : text.find("}}", at);
    if (end == std::string_view::npos) return out.append(text);
    const auto fact = facts.find(std::string(text.substr(at + 2, end - at - 2)));
    out += text.substr(0, at);
    out += fact == facts.end() ? std::string(text.substr(at, end + 2 - at)) : fact->second;
    text.remove_prefix(end + 2);
  }
}

base::Result<Templates> load_templates(const fs::path& application_folder) {
  const fs::path path = application_folder / "node.json";
  const std::string text = TRY(read_file(path));
  base::Result<base::Json> json = base::parse_json(text);
  if (!json.ok()) return broken(path, json.error().message);
  const base::JsonObject* root = json->if_object();
  const base::JsonObject* environment = root ? base::find_object(*root, "environment") : nullptr;
  const base::JsonObject* settings = root ? base::find_object(*root, "settings") : nullptr;
  if (!root) return broken(path, "not an object");
  Templates out;
  if (environment) out.environment = TRY(read_settings(path, "environment", *environment));
  for (const auto& member : settings ? *settings : base::JsonObject()) {
    const std::string name(member.key());
    if (!member.value().is_object())
      return broken(path, fmt::format("settings: {} is not an object", name));
    out.settings[name] = TRY(read_settings(path, name, member.value().as_object()));
  }
  const fs::path tree = application_folder / "node";
  std::error_code error;
  if (!fs::exists(tree, error)) return out;
  for (fs::recursive_directory_iterator at(tree, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    struct stat found {};
    if (::stat(at->path().c_str(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    out.files.push_back({.path = "/" / at->path().lexically_relative(tree),
                         .contents = TRY(read_file(at->path())),
                         .mode = (found.st_mode & S_IXUSR) ? 0755u : 0644u});
  }
  if (error) return base::from_errno(tree.string(), error.value());
  std::sort(out.files.begin(), out.files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return out;
}

}  // namespace howdah::apps
