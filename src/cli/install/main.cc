// howdah-install: `howdah install`, as a program that needs little of the source tree. It is built
// first, so that Spark is fetched while the rest is still being built (make demo).

#include <fmt/format.h>

#include <cstdlib>

#include "apps/install.h"
#include "base/text.h"
#include "cli/exit_code.h"

int main(int argc, char** argv) {
  using namespace howdah;
  if (argc != 3 && argc != 4) {
    fmt::print(stderr, "usage: howdah-install <label> <engines folder> [Hadoop,Hive]\n");
    return cli::kUsage;
  }
  auto releases = apps::Releases::load(HOWDAH_SOURCE_DIR "/apps");
  if (!releases.ok()) {
    fmt::print(stderr, "error: {}\n", releases.error().message);
    return cli::kFailed;
  }
  apps::InstallOptions options;
  options.engines_root = argv[2];
  if (const char* cache = std::getenv("HOWDAH_CACHE")) options.cache = cache;
  base::SystemClock clock;
  std::vector<std::string> applications;
  if (argc == 4) {
    for (std::string_view name : base::split(argv[3], ',')) applications.emplace_back(name);
  }
  auto done = apps::install(*releases, argv[1], applications, options, clock);
  if (!done.ok()) {
    fmt::print(stderr, "error: {}\n", done.error().message);
    return cli::exit_code_of(done.error().code);
  }
  for (const apps::InstalledApplication& each : done->applications)
    fmt::print("{} {} in {}\n", each.name, each.version, each.root.string());
  return cli::kOk;
}
