#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "apps/install.h"
#include "apps/releases.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/program.h"
#include "cli/suggest.h"
#include "cli/terminal.h"

namespace howdah::cli {

namespace {

base::Result<apps::Releases> load_releases() {
  std::filesystem::path home = home_folder();
  if (home.empty()) {
    return base::not_found("apps/releases is not beside " + own_program().string() +
                           " nor in any folder above it");
  }
  return apps::Releases::load(home / "apps");
}

// "12 s left", from how fast it went so far.
std::string remaining(const apps::Progress& progress, base::Millis passed) {
  if (progress.done_bytes == 0 || progress.total_bytes <= progress.done_bytes) return "";
  double rate = static_cast<double>(progress.done_bytes) / static_cast<double>(passed.count() + 1);
  auto left = static_cast<double>(progress.total_bytes - progress.done_bytes) / rate;
  return ", about " + short_duration(base::Millis(static_cast<int64_t>(left))) + " left";
}

apps::OnProgress show_progress(ProgressLine& line, const base::Clock& clock) {
  return [&line, &clock, begin = clock.steady(), phase = std::string(),
          quiet = !is_terminal(2)](const apps::Progress& progress) mutable {
    base::Millis passed = clock.steady() - begin;
    line.show(fmt::format("{} ({}{})", progress.text, short_duration(passed),
                          remaining(progress, passed)));
    // In a pipe a line a phase is enough to follow it in a log.
    if (quiet && progress.phase != phase) fmt::print(stderr, "{}\n", progress.text);
    phase = progress.phase;
  };
}

std::string application_text(const apps::Release& release) {
  for (const auto& [name, version] : release.applications) {
    if (name == "Spark") return version;
  }
  return "";
}

}  // namespace

std::vector<std::string> installed_engines(const Globals& globals) {
  std::vector<std::string> found;
  auto releases = load_releases();
  if (!releases.ok()) return found;
  for (const std::string& label : releases->runnable_labels()) {
    if (auto there = apps::installed(*releases, label, globals.engines_dir)) {
      found.push_back(fmt::format("{} (Spark {})", label, there->spark_version));
    }
  }
  return found;
}

namespace {

/// What may help after a failed installation.
std::string next_step(const apps::Releases& releases, const InstallOptions& options,
                      const base::Error& error) {
  std::string again = options.label;
  if (!options.applications.empty())
    again += " --applications " + base::join(options.applications, ",");
  if (error.code == base::Code::kUnavailable) {
    return fmt::format("howdah install {} again: what is verified is not fetched twice", again);
  }
  std::vector<std::string> labels;
  for (const apps::Release& release : releases.all()) labels.push_back(release.label);
  const std::string near = releases.find(options.label) ? "" : nearest(options.label, labels);
  if (!near.empty()) return "howdah install " + near;
  if (!options.offline) return "howdah releases";
  return fmt::format("howdah install {} --cache DIR where it can be fetched; bring DIR here",
                     again);
}

/// "Spark 3.5.5, Hadoop 3.4.2": without the parts that have no name of AWS's.
std::string applications_text(const apps::Release& release, const apps::Installed& installed) {
  std::vector<std::string> out;
  for (const apps::InstalledApplication& each : installed.applications) {
    if (apps::find_application(release, each.name)) out.push_back(each.name + " " + each.version);
  }
  return base::join(out, ", ");
}

/// Clusters name applications that do not run here, too: they are left out. One that the label
/// does not have at all is a slip.
base::Status check_asked(const apps::Release& release, const InstallOptions& options) {
  for (const std::string& name : options.applications) {
    if (apps::find_application(release, name)) continue;
    return base::invalid_argument(fmt::format("{} has no application {}; here it runs: {}",
                                              release.label, name,
                                              base::join(release.runnable, ", ")));
  }
  return base::ok();
}

base::JsonObject answer(const apps::Installed& done, bool before) {
  base::JsonArray all;
  for (const apps::InstalledApplication& each : done.applications) {
    all.push_back(base::JsonObject{
        {"Name", each.name}, {"Version", each.version}, {"Folder", each.root.string()}});
  }
  return {{"ReleaseLabel", done.label},
          {"Spark", done.spark_version},
          {"Folder", done.root.string()},
          {"Applications", std::move(all)},
          {"AlreadyInstalled", before}};
}

}  // namespace

int install(const Globals& globals, const InstallOptions& options) {
  auto releases = load_releases();
  if (!releases.ok()) return fail(globals, releases.error());
  base::SystemClock clock;
  const base::Millis begin = clock.steady();
  const apps::Release* release = releases->find(options.label);
  if (release && release->is_runnable()) {
    const base::Status asked = check_asked(*release, options);
    if (!asked.ok()) return fail(globals, asked.error(), "howdah releases");
  }
  const bool before =
      apps::installed(*releases, options.label, options.applications, globals.engines_dir)
          .has_value();
  apps::InstallOptions how;
  how.engines_root = globals.engines_dir;
  how.cache = options.cache;
  how.offline = options.offline;
  if (const char* cache = std::getenv("HOWDAH_CACHE"); how.cache.empty() && cache != nullptr) {
    how.cache = cache;
  }
  ProgressLine line;
  if (!globals.json) how.on_progress = show_progress(line, clock);
  auto done = apps::install(*releases, options.label, options.applications, how, clock);
  line.clear();
  if (!done.ok()) return fail(globals, done.error(), next_step(*releases, options, done.error()));
  if (globals.json) {
    print_json(answer(*done, before));
    return kOk;
  }
  fmt::print("{}: {} {} in {}\n", done->label, applications_text(*release, *done),
             before ? "is already installed" : "installed", done->root.parent_path().string());
  if (!before) fmt::print("  it took {}\n", short_duration(clock.steady() - begin));
  return kOk;
}

int releases(const Globals& globals) {
  auto known = load_releases();
  if (!known.ok()) return fail(globals, known.error());
  std::vector<std::vector<std::string>> rows;
  base::JsonArray list;
  for (const apps::Release& release : known->all()) {
    bool there = apps::installed(*known, release.label, globals.engines_dir).has_value();
    std::string spark = application_text(release);
    rows.push_back({release.label, spark, release.is_runnable() ? "yes" : "no", there ? "yes" : "",
                    base::join(release.runnable, ", ")});
    base::JsonArray runs;
    for (const std::string& name : release.runnable) runs.emplace_back(name);
    list.push_back(base::JsonObject{
        {"Label", release.label}, {"Spark", spark}, {"Runnable", runs}, {"Installed", there}});
  }
  if (globals.json)
    print_json({{"Releases", list}});
  else
    fmt::print("{}", table({"LABEL", "SPARK", "RUNS HERE", "INSTALLED", "APPLICATIONS"}, rows, 2));
  return kOk;
}

}  // namespace howdah::cli
