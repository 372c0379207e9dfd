#pragma once

// What a step's jar and arguments become: the command that really runs on the primary node. Pure.
// Sources: AWS EMR Management Guide, "Work with steps using the AWS CLI and console" and "Run
// commands and scripts on an Amazon EMR cluster" (command-runner.jar, script-runner.jar).

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace howdah::job {

/// HadoopJarStepConfig of the EMR API, as it was submitted.
struct JarStep {
  std::string jar;  // "command-runner.jar", s3://…/x.jar, a path on the node
  std::string main_class;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> properties;  // become -D system properties
};

/// What the launch depends on beside the step itself.
struct Site {
  std::vector<std::string> applications;  // installed ones, in AWS's spelling
};

struct Launch {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> notes;  // what a user should know: goes into the controller log
};

/// kFailedPrecondition: the tool belongs to an application that is not installed, and says which;
/// kInvalidArgument: the step cannot be started at all (command-runner.jar without arguments).
base::Result<Launch> launch(const JarStep& step, const Site& site);

/// "hadoop jar <jar> <main class> <args>": how EMR's controller log names what it starts.
std::string display(const JarStep& step);

/// A bootstrap action's script (s3:// or a path on the node) with its arguments.
Launch launch_bootstrap(const std::string& path, const std::vector<std::string>& args);

}  // namespace howdah::job
