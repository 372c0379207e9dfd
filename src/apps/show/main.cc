// apps_show: this module without the server, for tests/apps and for people who work on it.
//
//   apps_show install APPS_FOLDER LABEL ENGINES [--applications A,B] [--cache DIR] [--offline]
//   apps_show view    APPS_FOLDER LABEL ENGINES OUT [--applications A,B] [--endpoint URL]
//                     [--configurations JSON] [--role MASTER|CORE|TASK] [--hostname NAME]
//                     [--address IP] [--primary NAME] [--members NAME,NAME] [--type-memory MIB]
//
// `view` writes the node's files below OUT, and OUT/view.json: mounts, environment, notes, daemons.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include "apps/files.h"
#include "apps/install.h"
#include "apps/node_view.h"
#include "base/text.h"

namespace {

using namespace howdah;  // a program of one file
namespace fs = std::filesystem;

int fail(const base::Error& error) {
  fmt::print(stderr, "apps_show: {}\n", error.message);
  return 1;
}

base::Status write_view(const apps::NodeView& view, const fs::path& out) {
  for (const apps::File& file : view.files) {
    const fs::path path = out / file.path.relative_path();
    TRY(apps::make_folders(path.parent_path()));
    TRY(apps::write_file(path, file.contents));
    fs::permissions(path, static_cast<fs::perms>(file.mode));
  }
  base::JsonObject json;
  base::JsonObject mounts;
  for (const apps::Mount& mount : view.mounts)
    mounts[mount.target.string()] = mount.source.string();
  base::JsonObject environment;
  for (const auto& [key, value] : view.environment) environment[key] = value;
  base::JsonArray notes;
  for (const std::string& note : view.notes) notes.emplace_back(note);
  json["mounts"] = std::move(mounts);
  json["environment"] = std::move(environment);
  json["notes"] = std::move(notes);
  base::JsonArray daemons;
  for (const apps::Daemon& daemon : view.daemons) {
    daemons.push_back(base::JsonObject{{"unit", daemon.unit},
                                       {"essential", daemon.essential},
                                       {"port", daemon.port},
                                       {"health", daemon.health_path},
                                       {"log", daemon.log}});
  }
  json["daemons"] = std::move(daemons);
  return apps::write_file(out / "view.json", base::to_pretty_text(json) + "\n");
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::string_view word : base::split(text, ',')) {
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

apps::NodeFacts facts_of(const std::string& label, std::map<std::string, std::string>& options) {
  apps::NodeFacts facts;
  facts.release_label = label;
  facts.cluster_id = "j-SHOW";
  facts.instance_id = "i-0123456789abcdef0";
  facts.hostname = options.contains("--hostname") ? options["--hostname"] : "localhost";
  facts.primary_hostname = options["--primary"];
  if (options.contains("--address")) facts.local_ip = options["--address"];
  if (options.contains("--endpoint")) facts.endpoint = options["--endpoint"];
  if (options["--role"] == "CORE") facts.role = apps::NodeRole::kCore;
  if (options["--role"] == "TASK") facts.role = apps::NodeRole::kTask;
  facts.is_primary = facts.role == apps::NodeRole::kMaster;
  facts.applications = words_of(options["--applications"]);
  facts.members = words_of(options["--members"]);
  facts.core_count = static_cast<int>(facts.members.size());
  if (options.contains("--type-memory")) facts.memory_mib = std::stoull(options["--type-memory"]);
  return facts;
}

int show_view(const apps::Releases& releases, const apps::Installed& installed, const fs::path& out,
              std::map<std::string, std::string>& options) {
  base::Result<apps::Applications> applications = apps::Applications::load(releases.folder());
  if (!applications.ok()) return fail(applications.error());
  apps::Configurations configurations;
  if (options.contains("--configurations")) {
    base::Result<base::Json> json = base::parse_json(options["--configurations"]);
    if (!json.ok()) return fail(json.error());
    if (!json->is_array()) return fail(base::invalid_argument("--configurations takes a list"));
    const base::Status checked = apps::check_configurations(json->as_array());
    if (!checked.ok()) return fail(checked.error());
    configurations = apps::flatten(json->as_array());
  }
  const base::Status written = write_view(
      apps::node_view(installed, *applications, configurations, facts_of(installed.label, options)),
      out);
  return written.ok() ? 0 : fail(written.error());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      words.push_back(word);
    } else {
      options[word] = word == "--offline" ? "yes" : (++i < argc ? argv[i] : "");
    }
  }
  const bool install = words.size() == 4 && words[0] == "install";
  const bool view = words.size() == 5 && words[0] == "view";
  if (!install && !view) {
    fmt::print(
        stderr,
        "usage: apps_show install APPS LABEL ENGINES [--applications A,B] [--cache DIR] "
        "[--offline]\n"
        "       apps_show view APPS LABEL ENGINES OUT [--applications A,B] [--endpoint URL] …\n");
    return 2;
  }
  base::Result<apps::Releases> releases = apps::Releases::load(words[1]);
  if (!releases.ok()) return fail(releases.error());
  if (install) {
    base::SystemClock clock;
    apps::InstallOptions how{.engines_root = words[3],
                             .cache = options["--cache"],
                             .offline = options.contains("--offline"),
                             .on_progress = [](const apps::Progress& progress) {
                               fmt::print("{} {}\n", progress.text, progress.error);
                               std::fflush(stdout);
                             }};
    base::Result<apps::Installed> done =
        apps::install(*releases, words[2], words_of(options["--applications"]), how, clock);
    if (!done.ok()) return fail(done.error());
    fmt::print("{}\n", done->root.string());
    return 0;
  }
  const std::optional<apps::Installed> installed =
      apps::installed(*releases, words[2], words_of(options["--applications"]), words[3]);
  if (!installed) return fail(base::not_found(words[2] + " is not installed in " + words[3]));
  return show_view(*releases, *installed, words[4], options);
}
