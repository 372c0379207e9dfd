#pragma once

// What processes use, read from /proc (proc(5)) in one pass. Values; no ownership; threads:
// concurrent calls allowed. What cannot be read counts as nothing.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace howdah::os {

struct Usage {
  base::Millis cpu{0};        // user and system, since they began; with children that have ended
  uint64_t memory_bytes = 0;  // resident now; what several share counts for each
  uint64_t read_bytes = 0;    // that came from storage, or went there; with ended children
  uint64_t written_bytes = 0;

  Usage& operator+=(const Usage& more);
};

/// All processes of this host at one moment.
class ProcessTable {
 public:
  /// `proc`: for tests.
  static ProcessTable read(const std::string& proc = "/proc");

  /// Of all that descends from a process; without that one itself.
  Usage below(pid_t root) const;
  /// 0: there is none, or it is not known.
  pid_t parent_of(pid_t pid) const;

 private:
  struct Entry {
    pid_t parent = 0;
    Usage usage;  // without storage: that is read for those who are asked for
  };
  Usage of(pid_t pid) const;

  std::string proc_;
  std::map<pid_t, Entry> entries_;
  std::map<pid_t, std::vector<pid_t>> children_;
};

}  // namespace howdah::os
