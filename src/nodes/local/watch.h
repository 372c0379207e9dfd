#pragma once

// Waits for the end of any of many processes that are not our children: pidfds in one poll.
// Ownership: holds a pidfd each. Threads: all methods concurrently. An end that nobody waited for
// is reported to the next waiter.

#include <map>
#include <mutex>
#include <stop_token>

#include "base/clock.h"
#include "base/fd.h"
#include "os/boot.h"

namespace howdah::nodes {

class Watch {
 public:
  Watch();
  /// Watches the process, unless it is watched or does not run.
  void add(const os::ProcessIdentity& identity);
  /// Until one has ended (it is then no longer watched), `timeout` passed, or `stop` is requested.
  void wait(base::Millis timeout, std::stop_token stop);

 private:
  std::mutex mutex_;
  std::map<pid_t, base::Fd> watched_;
  base::Fd wake_;
};

}  // namespace howdah::nodes
