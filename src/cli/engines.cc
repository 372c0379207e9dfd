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

int install(const Globals& globals, const InstallOptions& options) {
  auto releases = load_releases();
  if (!releases.ok()) return fail(globals, releases.error());
  base::SystemClock clock;
  const base::Millis begin = clock.steady();
  bool before = apps::installed(*releases, options.label, globals.engines_dir).has_value();
  apps::InstallOptions how;
  how.engines_root = globals.engines_dir;
  how.cache = options.cache;
  how.offline = options.offline;
  if (const char* cache = std::getenv("HOWDAH_CACHE"); how.cache.empty() && cache != nullptr) {
    how.cache = cache;
  }
  ProgressLine line;
  if (!globals.json) how.on_progress = show_progress(line, clock);
  auto done = apps::install(*releases, options.label, how, clock);
  line.clear();
  if (!done.ok()) {
    std::vector<std::string> labels;
    for (const apps::Release& release : releases->all()) labels.push_back(release.label);
    std::string near = releases->find(options.label) ? "" : nearest(options.label, labels);
    std::string next = near.empty() ? "howdah releases" : "howdah install " + near;
    if (options.offline && near.empty()) {
      next = fmt::format("howdah install {} --cache DIR where it can be fetched; bring DIR here",
                         options.label);
    }
    if (done.error().code == base::Code::kUnavailable) {
      next = fmt::format("howdah install {} again: what is verified is not fetched twice",
                         options.label);
    }
    return fail(globals, done.error(), next);
  }
  if (globals.json) {
    print_json({{"ReleaseLabel", done->label},
                {"Spark", done->spark_version},
                {"Folder", done->root.string()},
                {"AlreadyInstalled", before}});
  } else {
    fmt::print("{}: Spark {} {} in {}\n", done->label, done->spark_version,
               before ? "is already installed" : "installed", done->root.string());
    if (!before) fmt::print("  it took {}\n", short_duration(clock.steady() - begin));
  }
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
