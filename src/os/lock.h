#pragma once

// One server a data directory. The lock is the kernel's (flock): it ends with its holder, however
// that ends, so nothing stale is ever left. Ownership: the Lock holds it until destroyed.
// Threads: move-only value. Failure: kAlreadyExists names the holder's pid and what to do.

#include <filesystem>

#include "base/fd.h"
#include "base/result.h"

namespace howdah::os {

class Lock {
 public:
  /// Takes the lock or says who has it; never waits.
  static base::Result<Lock> take(const std::filesystem::path& path);

 private:
  explicit Lock(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

/// Waits until this process alone holds the lock at `path`, for as long as the descriptor is open:
/// for the few milliseconds in which something of the whole host is claimed.
base::Result<base::Fd> wait_for_lock(const std::filesystem::path& path);

}  // namespace howdah::os
