#pragma once

// How far an installation is, for whoever waits for it: the terminal, and the control loop, which
// reads <engines>/.progress-<label>.json while the cluster is STARTING. The file is replaced
// atomically, at most every 250 ms, and for every new phase; it goes when the installation is
// complete and stays with "error" when it failed. Threads: one ProgressFile, one thread.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace howdah::apps {

struct Progress {
  std::string phase;  // "waiting", "downloading", "verifying", "unpacking", "finishing"
  std::string text;   // "Downloading Spark 3.5.5, 140 of 317 MB"
  uint64_t done_bytes = 0;
  uint64_t total_bytes = 0;
  std::string error;  // not empty: it failed, and why
};

using OnProgress = std::function<void(const Progress&)>;

/// "Downloading Spark 3.5.5, 140 of 317 MB" (decimal megabytes, as download pages count them).
std::string download_text(std::string_view what, uint64_t done_bytes, uint64_t total_bytes);

std::filesystem::path progress_path(const std::filesystem::path& engines_root,
                                    std::string_view label);
/// nullopt when no installation of the label runs or failed, or the file cannot be read.
std::optional<Progress> read_progress(const std::filesystem::path& engines_root,
                                      std::string_view label);
std::optional<Progress> parse_progress(std::string_view text);

class ProgressFile {
 public:
  ProgressFile(std::filesystem::path path, OnProgress on_progress, base::Clock& clock);
  /// Writes when the phase is new or 250 ms have passed since the last write.
  void update(const Progress& progress);
  /// To the caller alone: the file belongs to the process that installs.
  void announce(const Progress& progress) const;
  void fail(const std::string& error);
  void finish();  // removes the file

 private:
  void write(const Progress& progress);
  std::filesystem::path path_;
  OnProgress on_progress_;
  base::Clock& clock_;
  Progress last_;
  std::optional<base::Millis> written_;
};

}  // namespace howdah::apps
