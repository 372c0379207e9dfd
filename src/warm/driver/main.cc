// /usr/bin/howdah-warm-driver execs this with Spark's environment (spark-env.sh) set.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "warm/driver.h"

int main(int argc, char** argv) {
  namespace warm = howdah::warm;
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
  const char* folder = std::getenv("HOWDAH_WARM_FOLDER");
  options->folder = folder ? folder : "/mnt/var/lib/howdah/warm";
  std::error_code failed;
  options->parts = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path().string();
  return warm::run_driver(*options, *start, warm::environment_of(environ));
}
