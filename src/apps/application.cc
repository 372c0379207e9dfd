#include "apps/application.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "apps/files.h"
#include "base/json.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;
using base::JsonObject;

base::Error broken(const fs::path& path, std::string_view what) {
  return base::invalid_argument(fmt::format("{}: {}", path.string(), what));
}

std::vector<std::string> texts(const JsonObject& object, std::string_view key) {
  return base::texts_at(object, key);
}

base::Result<ConfigurationFile> read_configuration(const fs::path& path, const JsonObject& from) {
  static const std::map<std::string_view, ConfigurationFile::Format> formats = {
      {"hadoop-xml", ConfigurationFile::Format::kHadoopXml},
      {"properties", ConfigurationFile::Format::kProperties},
      {"equals", ConfigurationFile::Format::kEquals},
      {"shell", ConfigurationFile::Format::kShell}};
  ConfigurationFile out;
  out.classification = base::text_at(from, "classification");
  out.path = base::text_at(from, "path");
  out.restarts = texts(from, "restarts");
  const std::string_view format = base::text_at(from, "format");
  const auto known = formats.find(format.empty() ? "hadoop-xml" : format);
  if (out.classification.empty()) return broken(path, "files: one without \"classification\"");
  if (!out.path.empty() && !out.path.is_absolute())
    return broken(path, fmt::format("files: path of {}", out.classification));
  if (known == formats.end())
    return broken(path, fmt::format("files: {} has no format {}", out.classification, format));
  out.format = known->second;
  return out;
}

base::Result<DaemonTemplate> read_daemon(const fs::path& path, const JsonObject& from) {
  static const std::set<std::string_view> roles = {"MASTER", "CORE", "TASK"};
  static const std::set<std::string_view> starts = {"boot", "later", "on-use"};
  DaemonTemplate out;
  out.unit = base::text_at(from, "unit");
  if (out.unit.empty() || out.unit.find_first_of("/ .") != std::string::npos)
    return broken(path, fmt::format("daemons: bad \"unit\" '{}'", out.unit));
  const auto wrong = [&](std::string_view what) {
    return broken(path, fmt::format("daemons: {}: {}", out.unit, what));
  };
  out.roles = texts(from, "roles");
  if (out.roles.empty() || !std::all_of(out.roles.begin(), out.roles.end(),
                                        [](const auto& role) { return roles.contains(role); }))
    return wrong("\"roles\" are MASTER, CORE, TASK");
  out.start = base::text_at(from, "start");
  if (out.start.empty()) out.start = "boot";
  if (!starts.contains(out.start)) return wrong("\"start\" is boot, later or on-use");
  out.essential = out.start == "boot";
  const int64_t port = base::int_at(from, "port");
  if (port <= 0 || port > 65535) return wrong("\"port\" is missing");
  out.port = static_cast<uint16_t>(port);
  out.health_path = base::text_at(from, "health_path");
  out.log = base::text_at(from, "log");
  out.main = base::text_at(from, "main");
  if (out.log.empty()) return wrong("\"log\" is missing");
  if (out.main.empty()) return wrong("\"main\" is missing");
  out.heap_mib = static_cast<uint64_t>(base::int_at(from, "heap_mib"));
  out.heap_variables = texts(from, "heap_variables");
  out.options_variables = texts(from, "options_variables");
  out.options = texts(from, "options");
  out.environment_files = texts(from, "environment_files");
  if (const JsonObject* environment = base::find_object(from, "environment")) {
    for (const auto& member : *environment)
      set(out.environment, member.key(), base::text_at(*environment, member.key()));
  }
  out.prepare = base::text_at(from, "prepare");
  out.wait_for = base::text_at(from, "wait_for");
  return out;
}

base::Status read_lists(const fs::path& path, const JsonObject& root, Application& out) {
  if (const JsonObject* mounts = base::find_object(root, "mounts")) {
    for (const auto& member : *mounts) {
      const fs::path inside(std::string(member.key()));
      const fs::path below(base::text_at(*mounts, member.key()));
      if (!inside.is_absolute() || below.is_absolute())
        return broken(path, fmt::format("mounts: {}", inside.string()));
      out.mounts.emplace_back(inside, below);
    }
  }
  if (const base::JsonArray* files = base::find_array(root, "files")) {
    for (const base::Json& item : *files) {
      if (!item.is_object()) return broken(path, "files: one is not an object");
      out.files.push_back(TRY(read_configuration(path, item.as_object())));
    }
  }
  if (const base::JsonArray* daemons = base::find_array(root, "daemons")) {
    for (const base::Json& item : *daemons) {
      if (!item.is_object()) return broken(path, "daemons: one is not an object");
      out.daemons.push_back(TRY(read_daemon(path, item.as_object())));
    }
  }
  return base::ok();
}

/// Who is named first starts first; what is not named comes last.
int64_t order_of(const fs::path& path, const JsonObject& root) {
  const int64_t order = base::int_at(root, "order");
  return order == 0 ? 1000 + static_cast<int64_t>(path.parent_path().filename().string()[0])
                    : order;
}

}  // namespace

base::Result<Applications> Applications::load(const fs::path& apps_folder) {
  std::vector<std::pair<int64_t, Application>> found;
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator at(apps_folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (fs::exists(at->path() / "application.json", error))
      paths.push_back(at->path() / "application.json");
  }
  if (error) return base::from_errno(apps_folder.string(), error.value());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    const std::string text = TRY(read_file(path));
    base::Result<base::Json> json = base::parse_json(text);
    if (!json.ok()) return broken(path, json.error().message);
    const JsonObject* root = json->if_object();
    if (!root) return broken(path, "not an object");
    Application application;
    application.name = base::text_at(*root, "application");
    if (application.name.empty()) return broken(path, "\"application\" is missing");
    TRY(read_lists(path, *root, application));
    application.templates = TRY(load_templates(path.parent_path()));
    found.emplace_back(order_of(path, *root), std::move(application));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Applications out;
  for (auto& [order, application] : found) out.all_.push_back(std::move(application));
  return out;
}

const Application* Applications::find(std::string_view name) const {
  const auto at = std::find_if(all_.begin(), all_.end(),
                               [&](const Application& each) { return each.name == name; });
  return at == all_.end() ? nullptr : &*at;
}

std::vector<std::string> Applications::units_to_restart(
    const std::vector<std::string>& classifications) const {
  std::set<std::string> units;
  for (const Application& application : all_) {
    for (const ConfigurationFile& file : application.files) {
      if (std::find(classifications.begin(), classifications.end(), file.classification) !=
          classifications.end())
        units.insert(file.restarts.begin(), file.restarts.end());
    }
  }
  std::vector<std::string> out;
  for (const Application& application : all_) {
    for (const DaemonTemplate& daemon : application.daemons) {
      if (units.contains(daemon.unit)) out.push_back(daemon.unit);
    }
  }
  return out;
}

}  // namespace howdah::apps
