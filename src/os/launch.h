#pragma once

// Runs this very binary again as a shim ("<binary> __shim <verb> <folder>"), hears its one line of
// report, and leaves no zombie. A shim detaches itself: it outlives the server. Its argv[0] carries
// the installation's tag, so that whatever this installation runs is found in /proc, wanted or not.
// Ownership: none is kept; threads: concurrent calls allowed. Failure: what the shim reported, or
// kDeadlineExceeded when it said nothing for 30 seconds.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/boot.h"

namespace howdah::os {

class Launcher {
 public:
  /// `tag`: 6 characters, the installation id.
  explicit Launcher(std::string tag, std::filesystem::path binary = "/proc/self/exe");

  /// argv[0] of every shim of this installation: "howdah-<tag>".
  const std::string& name() const { return name_; }

  /// The report: what follows "ok " on its line.
  base::Result<std::string> run(const std::string& verb, const std::string& argument,
                                const std::string& label) const;

  struct Found {
    ProcessIdentity identity;
    std::string verb;
    std::string argument;
    std::string label;  // what it is for: "j-1/i-2" or "j-1/i-2 s-3/attempt-1"
  };
  /// Every process in the world that bears this installation's tag.
  std::vector<Found> find_all() const;

 private:
  std::string name_;
  std::filesystem::path binary_;
};

/// For main(): when argv[1] is "__shim", return what this returns. Verbs: run (supervisor.h),
/// container, files, erase (container.h), network, gateway (network.h).
int shim_main(int argc, char** argv);

/// In a shim: the one line for whoever launched it. "ok <text>" or "error <text>"; then the pipe
/// closes.
void report_ok(std::string_view text);
void report_error(const base::Error& error);

}  // namespace howdah::os
