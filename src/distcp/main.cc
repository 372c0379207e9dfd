// s3-dist-cp: Amazon's S3DistCp, without a MapReduce job around it.

#include "distcp/run.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return howdah::distcp::run(arguments, howdah::distcp::process_environment());
}
