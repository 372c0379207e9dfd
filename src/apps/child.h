#pragma once

// A process of an installation: pip, Maven, tar, java. Its output goes to a log file, its argv is
// an array, never a shell string. Ownership: the Child owns the process and ends it when destroyed.
// Threads: one Child, one thread. Failure: kNotFound when there is no such program.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace howdah::apps {

class Child {
 public:
  struct Spec {
    std::vector<std::string> argv;                                 // argv[0] is looked up in PATH
    std::vector<std::pair<std::string, std::string>> environment;  // beside, or instead of, our own
    std::filesystem::path log;                                     // stdout and stderr, appended
  };
  static base::Result<Child> start(const Spec& spec);

  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  /// The exit code once it has ended; 128 + n for signal n.
  std::optional<int> poll();
  int wait();

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<int> code_;
};

}  // namespace howdah::apps
