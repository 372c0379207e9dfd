#pragma once

// Where the parts of multipart uploads go while they arrive. Clients send parts of one size (but
// the last), so the parts of an upload share one file, part n at (n - 1) * size: when they are
// complete, that file *is* the object and nothing is copied. A part that does not fit this pattern,
// or comes a second time, gets a file of its own, and completing then copies. Ownership: holds the
// shared file until a row names it. Threads: concurrent calls allowed.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "objects/files.h"
#include "objects/intake.h"

namespace howdah::objects {

class Slots {
 public:
  static constexpr uint64_t kSmallest = 5 << 20;  // S3's smallest part but the last

  explicit Slots(Files& files) : files_(files) {}

  /// A claimed place. Not committed: it can be claimed again.
  struct Claim {
    std::shared_ptr<NewFile> file;
    Slot slot;
  };
  /// nullopt: the part needs a file of its own.
  base::Result<std::optional<Claim>> claim(const std::string& upload, int number, uint64_t size);
  /// The claim's bytes are not a part (it failed).
  void release(const std::string& upload, int number);
  /// A row names the file now.
  void keep(const Claim& claim);
  /// The upload ended; answers the shared file's name if a row had named it.
  std::string forget(const std::string& upload);

 private:
  struct Shared {
    std::shared_ptr<NewFile> file;
    uint64_t part_size = 0;
    std::set<int> taken;
    bool kept = false;
  };
  Files& files_;
  std::mutex mutex_;
  std::map<std::string, Shared> shared_;
};

}  // namespace howdah::objects
