#pragma once

// Memory limits, and the count of what the kernel killed over them. cgroup v1 (memory) and v2 are
// both met; where neither may be written there are no limits, and warning() says so. Names: <own
// cgroup>/howdah-<tag>/<node>/<process>. Ownership: the world owns cgroups. Threads: concurrent
// calls allowed.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace howdah::os {

class Cgroups {
 public:
  /// `name`: of the folder that holds all of this installation's, "howdah-<tag>".
  explicit Cgroups(const std::string& name);

  /// Why limits are not enforced; empty when they are.
  const std::string& warning() const { return warning_; }

  /// Folders whose cgroup.procs the process shall join; none without a limit. `limit_bytes`: of the
  /// process with its descendants; `node_limit_bytes`: of all processes of the node together that
  /// were started with one. 0: none. Again for the same process: its limit becomes another.
  std::vector<std::filesystem::path> make(const std::string& node, const std::string& process,
                                          uint64_t limit_bytes,
                                          uint64_t node_limit_bytes = 0) const;

  /// Nodes that have cgroups here.
  std::vector<std::string> nodes() const;

  /// After their processes have ended.
  void remove(const std::string& node) const;

 private:
  bool limit(const std::filesystem::path& folder, uint64_t bytes) const;

  std::filesystem::path root_;  // empty: none
  bool v2_ = false;
  std::string warning_;
};

}  // namespace howdah::os
