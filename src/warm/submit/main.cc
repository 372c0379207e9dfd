// /usr/bin/howdah-submit execs this with Spark's environment (spark-env.sh) set.

#include <unistd.h>

#include <cstdlib>

#include "warm/submit.h"

int main(int argc, char** argv) {
  const char* start = std::getenv("HOWDAH_SPARK_START");
  const char* folder = std::getenv("HOWDAH_WARM_FOLDER");
  return howdah::warm::submit({argv + 1, argv + argc},
                              {.start = start ? start : "/etc/howdah/spark-start.json",
                               .folder = folder ? folder : "/mnt/var/lib/howdah/warm"},
                              environ);
}
