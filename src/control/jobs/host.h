#pragma once

// This host as admission sees it; a simulation stands in for it. Threads: concurrent calls allowed.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/instance_types.h"

namespace howdah::control {

/// What the host has.
class Host {
 public:
  virtual ~Host() = default;
  virtual uint64_t total_memory() = 0;      // bytes
  virtual uint64_t available_memory() = 0;  // bytes: what a new process may take without swapping
  /// Cores that nothing used since this was asked before, a second ago or longer; all of them when
  /// that is not known yet. Of a process that may use some processors only: that share of those.
  virtual double idle_cpus() = 0;
  /// Declared by AWS for the type, in bytes; 0 when unknown.
  virtual uint64_t declared_memory(const std::string& instance_type) = 0;
};

/// The real host: /proc/meminfo, /proc/stat and the instance type table.
/// `proc`: for tests.
std::unique_ptr<Host> make_local_host(const apps::InstanceTypes& types,
                                      std::filesystem::path proc = "/proc");

}  // namespace howdah::control
