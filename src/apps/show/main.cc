// apps_show: this module without the server, for tests/apps and for people who work on it.
//
//   apps_show install APPS_FOLDER LABEL ENGINES [--cache DIR] [--offline]
//   apps_show view    APPS_FOLDER LABEL ENGINES OUT [--endpoint URL] [--configurations JSON]
//
// `view` writes the node's files below OUT, and OUT/view.json: mounts, environment, notes.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include "apps/files.h"
#include "apps/install.h"
#include "apps/node_view.h"

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
  return apps::write_file(out / "view.json", base::to_pretty_text(json) + "\n");
}

int show_view(const apps::Releases& releases, const apps::Installed& installed, const fs::path& out,
              std::map<std::string, std::string>& options) {
  base::Result<apps::Templates> templates = apps::load_templates(releases.folder() / "spark");
  if (!templates.ok()) return fail(templates.error());
  apps::Configurations configurations;
  if (options.contains("--configurations")) {
    base::Result<base::Json> json = base::parse_json(options["--configurations"]);
    if (!json.ok()) return fail(json.error());
    if (!json->is_array()) return fail(base::invalid_argument("--configurations takes a list"));
    const base::Status checked = apps::check_configurations(json->as_array());
    if (!checked.ok()) return fail(checked.error());
    configurations = apps::flatten(json->as_array());
  }
  apps::NodeFacts facts;
  facts.release_label = installed.label;
  facts.cluster_id = "j-SHOW";
  facts.instance_id = "i-0123456789abcdef0";
  facts.hostname = "localhost";
  if (options.contains("--endpoint")) facts.endpoint = options["--endpoint"];
  const base::Status written =
      write_view(apps::node_view(installed, *templates, configurations, facts), out);
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
        "usage: apps_show install APPS LABEL ENGINES [--cache DIR] [--offline]\n"
        "       apps_show view APPS LABEL ENGINES OUT [--endpoint URL] [--configurations JSON]\n");
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
    base::Result<apps::Installed> done = apps::install(*releases, words[2], how, clock);
    if (!done.ok()) return fail(done.error());
    fmt::print("{}\n", done->root.string());
    return 0;
  }
  const std::optional<apps::Installed> installed = apps::installed(*releases, words[2], words[3]);
  if (!installed) return fail(base::not_found(words[2] + " is not installed in " + words[3]));
  return show_view(*releases, *installed, words[4], options);
}
