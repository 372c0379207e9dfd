#pragma once

// What EMR's own tools do with their arguments before Hadoop's programs see them. Pure.

#include <string>
#include <vector>

#include "base/result.h"

namespace howdah::job {

/// hive-script's: "--run-hive-script --args -f s3://b/x.q -d INPUT=s3://b/in" gives "-f
/// s3://b/x.q --hivevar INPUT=s3://b/in". Options that set a variable become the spelling that both
/// Hive's own command line and Beeline understand (Beeline's -d is a driver). kInvalidArgument when
/// there is nothing to run.
base::Result<std::vector<std::string>> hive_arguments(const std::vector<std::string>& args);

/// hadoop-streaming's: a mapper, reducer or combiner that lies on S3 becomes one of -files and is
/// then called by its name, as EMR does it. Generic options come first.
std::vector<std::string> streaming_arguments(const std::vector<std::string>& args);

}  // namespace howdah::job
