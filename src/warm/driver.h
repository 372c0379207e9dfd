#pragma once

// A warm driver: a JVM that has run a throwaway job and waits for one job. Stands as a small
// process before it, which is always there to answer: takes the job from howdah-submit (wire.h),
// passes signals on, and tells how the JVM ended.
//
//   <folder>/<name>/key.json   what a job has to match (start.h: Key)
//   <folder>/<name>/socket     where it is handed over
//   <folder>/<name>/ready      last of all; gone as soon as somebody has taken it
//   <folder>/<name>/log        what the JVM said during the throwaway job
//
// Whoever connects first and sends a whole job has it; the others find the socket closed and look
// further. The JVM dies with this process, and this process ends with the JVM; the launcher's end
// ends the job. Threads: one. Failure: an exit code, and a line in the log.

#include <string>
#include <vector>

#include "warm/start.h"

namespace howdah::warm {

struct DriverOptions {
  std::string name;
  std::string folder;    // of all warm drivers: "/mnt/var/lib/howdah/warm"
  std::string parts;     // warm.jar, libwarm.so, warm_up.py
  int64_t heap_mib = 0;  // 0: what spark-submit takes when nobody names one
  Jit jit = Jit::kC1;
  std::vector<std::string> java_options;
};

/// Of --name N [--heap 4g] [--java-option X]… [--jit c1|c2]; the error is a usage line.
base::Result<DriverOptions> parse_driver_options(const Argv& arguments);

/// What the node's own settings (spark-defaults.conf) say of a driver's heap and options becomes
/// part of what is not given. The error says why no job of this node can use a warm driver.
base::Status add_defaults(DriverOptions& options, const Start& start,
                          const Environment& environment);

/// Runs until the job, or the wait for one, has ended. 0: a job was served, or nobody needed one
/// (SIGTERM, or end_driver() in submit.h); 70: the JVM did not become ready; 137: it was killed
/// during the job, and not because the launcher was.
int run_driver(const DriverOptions& options, const Start& start, const Environment& environment);

}  // namespace howdah::warm
