// /usr/bin/howdah-warm-driver execs this with Spark's environment (spark-env.sh) set.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "warm/driver.h"
#include "warm/submit.h"

int main(int argc, char** argv) {
  namespace warm = howdah::warm;
  const char* given_folder = std::getenv("HOWDAH_WARM_FOLDER");
  const std::string folder = given_folder ? given_folder : "/mnt/var/lib/howdah/warm";
  if (argc == 3 && std::string_view(argv[1]) == "--end") {
    warm::end_driver(folder, argv[2]);
    return 0;
  }
  auto options = warm::parse_driver_options({argv + 1, argv + argc});
  if (!options.ok()) {
    std::fprintf(stderr, "howdah-warm-driver: %s\n", options.error().message.c_str());
    return 64;
  }
  const char* given = std::getenv("HOWDAH_SPARK_START");
  const auto start = warm::load(given ? given : "/etc/howdah/spark-start.json");
  if (!start.ok() || !start->can_be_warm) {
    std::fprintf(stderr, "howdah-warm-driver: this node has no warm drivers: %s\n",
                 start.ok() ? "not with its Spark" : start.error().message.c_str());
    return 78;
  }
  const warm::Environment environment = warm::environment_of(environ);
  if (const auto added = warm::add_defaults(*options, *start, environment); !added.ok()) {
    std::fprintf(stderr, "howdah-warm-driver: no job here could use one: %s\n",
                 added.error().message.c_str());
    return 78;
  }
  options->folder = folder;
  std::error_code failed;
  options->parts = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path().string();
  return warm::run_driver(*options, *start, environment);
}
