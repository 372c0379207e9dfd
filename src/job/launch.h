#pragma once

// What a step's jar and arguments become: the command that really runs on the primary node. Pure.
// Sources: AWS EMR Management Guide, "Work with steps using the AWS CLI and console", "Run
// commands and scripts on an Amazon EMR cluster" (command-runner.jar, script-runner.jar) and
// "Create bootstrap actions" (run-if); the environment of steps as EMR's controller logs show it.

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
  std::string step_id = {};               // "s-…"; empty: what runs is not a step and gets no tag
  std::string log_folder = {};  // inside the node, where the step's four files lie; or empty
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

/// The tag of the YARN applications that a step submits: "howdah-step-s-3lzc0qut43am". Lower case,
/// as YARN keeps tags. It reaches them as HOWDAH_YARN_TAGS in the step's environment: run-step
/// makes spark.yarn.tags of it, mapred-site and tez-site name it by ${env.HOWDAH_YARN_TAGS:-};
/// users' own settings of these win.
std::string tag_of_step(std::string_view step_id);

/// A bootstrap action's script (s3:// or a path on the node) with its arguments; EMR's own run-if
/// becomes ours.
Launch launch_bootstrap(const std::string& path, const std::vector<std::string>& args);

}  // namespace howdah::job
