#pragma once

// howdah-submit: spark-submit in a node, fast. Hands the job to a warm driver that matches, or
// becomes the driver's JVM, or Spark's own spark-submit where that JVM would be another than ours;
// says on stderr which, and why. Threads: one. Failure: an exit code as spark-submit's.

#include <string>

#include "warm/options.h"
#include "warm/start.h"

namespace howdah::warm {

struct SubmitPlaces {
  std::string start;   // spark-start.json
  std::string folder;  // of warm drivers
};

/// Returns the job's exit code, 128+n for a signal; where it becomes another program, not at all.
int submit(const Argv& arguments, const SubmitPlaces& places, char** environment);

/// judge() with the properties file and the settings that this node has.
Verdict judge_in_node(const Argv& arguments, const Start& start, const Environment& environment);

/// Ends the warm driver of that name unless a job was faster; waits until it is gone.
void end_driver(const std::string& folder, const std::string& name);

/// The warm driver that took the job, or why none did. Looks at those that are ready, in the order
/// of their names, and goes on to the next when another launcher was faster.
struct Taken {
  int socket = -1;
  std::string name;
  uint32_t ready_seconds = 0;
  std::string reason;
};
Taken hand_over(const std::string& folder, const Key& wanted, const std::string& job);

/// The job as it travels, of this process: arguments, its environment, folder and umask.
std::string job_of(const Argv& arguments, char** environment);

}  // namespace howdah::warm
