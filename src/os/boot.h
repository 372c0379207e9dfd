#pragma once

// Which process is meant, beyond doubt: a pid alone is reused, so an identity is the pid, the time
// at which it started (in ticks since boot) and the boot itself. This is what is saved on disk, and
// how a restarted server finds again what it started. Values and free functions; no ownership;
// threads: concurrent calls allowed. What cannot be read counts as not running.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::os {

struct ProcessIdentity {
  pid_t pid = 0;
  uint64_t start_ticks = 0;  // field 22 of /proc/<pid>/stat (proc(5))
  std::string boot_id;       // /proc/sys/kernel/random/boot_id

  bool operator==(const ProcessIdentity&) const = default;
};

/// New at every boot of the host; read once.
const std::string& boot_id();

/// Of a process that runs; nullopt when there is none, or only its zombie.
std::optional<ProcessIdentity> identity_of(pid_t pid);

/// The very process of that identity runs (a zombie does not).
bool is_running(const ProcessIdentity& identity);

/// A pidfd of that very process: it cannot come to mean another one. kNotFound when it does not
/// run.
base::Result<base::Fd> open_pidfd(const ProcessIdentity& identity);

base::JsonObject to_json(const ProcessIdentity& identity);
ProcessIdentity identity_from(const base::JsonObject& object);  // pid 0 when it does not name one

}  // namespace howdah::os
