#pragma once

// Carries a plan out: workers that take files and pieces of large files, each tried again when that
// may help; the first failure that remains ends the copy. Ownership: everything passed in must
// outlive the call. Threads: starts and ends its own. Failure: the first error, which names the
// file; what is being written then is removed, what was finished stays (as with AWS's).

#include <atomic>
#include <stop_token>

#include "distcp/plan.h"
#include "distcp/retry.h"
#include "distcp/store.h"

namespace howdah::distcp {

struct Progress {
  uint64_t files = 0;  // of all
  uint64_t bytes = 0;
  std::atomic<uint64_t> files_done = 0;
  std::atomic<uint64_t> bytes_done = 0;
};

struct CopyOptions {
  Location destination;
  Codec codec = Codec::kKeep;
  size_t workers = 8;  // at least 1
};

base::Status copy_all(const std::vector<Output>& outputs, const CopyOptions& options,
                      const StoreOf& store_of, const Retry& retry, std::stop_source stop,
                      Progress& progress);

/// Removes files from their stores, `workers` at a time.
base::Status remove_all(const std::vector<Location>& files, const StoreOf& store_of,
                        size_t workers);

}  // namespace howdah::distcp
