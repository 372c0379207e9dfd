// The smallest binary that can be a shim: what tests launch in the server's place.

#include "os/launch.h"

int main(int argc, char** argv) { return howdah::os::shim_main(argc, argv); }
