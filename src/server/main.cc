#include <cstring>

#include "cli/cli.h"
#include "os/launch.h"
#include "server/server.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "__shim") == 0) return howdah::os::shim_main(argc, argv);
  return howdah::cli::run(argc, argv, howdah::server::serve);
}
