#pragma once

// Release labels and what stands behind them, from apps/releases/*.json and apps/<application>/.
// Values, read once at start-up. Threads: const after loading.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace howdah::apps {

struct Release {
  std::string label;  // "emr-7.10.0"
  std::vector<std::pair<std::string, std::string>> applications;  // "Spark" -> "3.5.5", in AWS's spelling
  std::vector<std::string> runnable;  // those of them that can really be installed here
  std::string spark_version;          // of the community build that runs; empty when not runnable
  bool is_runnable() const { return !runnable.empty(); }
};

class Releases {
 public:
  /// kInvalidArgument naming file and member when a manifest is broken.
  static base::Result<Releases> load(const std::filesystem::path& apps_folder);
  const Release* find(std::string_view label) const;     // exact; nullptr when unknown
  const std::vector<Release>& all() const { return all_; }  // newest first
  std::vector<std::string> runnable_labels() const;

 private:
  std::vector<Release> all_;
};

}  // namespace howdah::apps
