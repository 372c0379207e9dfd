#pragma once

// Release labels and what stands behind them, from apps/releases/*.json and apps/<application>/.
// Values, read once at start-up. Threads: const after loading.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/manifest.h"
#include "base/result.h"

namespace howdah::apps {

struct Release {
  std::string label;  // "emr-7.10.0"
  /// "Spark" -> "3.5.5", names in AWS's spelling, sorted by name. The version is the one that runs
  /// here where one runs; else AWS's own ("470-amzn-0"), or empty where AWS's is not known to us.
  std::vector<std::pair<std::string, std::string>> applications;
  std::vector<std::string> runnable;  // those of them that can really be installed here
  std::string spark_version;          // of the community build that runs; empty when not runnable
  std::map<std::string, std::string> aws_versions;  // "Spark" -> "3.5.5-amzn-1"
  std::string released;                             // "2025-08-15"; empty when not known
  std::vector<std::string> os_releases;  // Amazon Linux, newest first; see DescribeReleaseLabel
  std::vector<Manifest> manifests;       // one an application in `runnable`, then the parts
  /// What is installed beside applications and has no name of AWS's: "spark-shuffle". It comes with
  /// a cluster that has all that its manifest needs.
  std::vector<std::string> parts;
  const Manifest* manifest_of(std::string_view application) const;  // nullptr: does not run here
  bool is_runnable() const { return !runnable.empty(); }
};

class Releases {
 public:
  /// kInvalidArgument naming file and member when a manifest is broken.
  static base::Result<Releases> load(const std::filesystem::path& apps_folder);
  const Release* find(std::string_view label) const;        // exact; nullptr when unknown
  const std::vector<Release>& all() const { return all_; }  // newest first
  std::vector<std::string> runnable_labels() const;
  const std::filesystem::path& folder() const { return folder_; }  // as given to load()

 private:
  std::filesystem::path folder_;
  std::vector<Release> all_;
};

/// "emr-7.10.0" before "emr-7.9.0", "emr-spark-8.0.0" before both: the order of ListReleaseLabels.
bool newer_label(std::string_view a, std::string_view b);

/// The application's own spelling ("Spark" for "spark", as RunJobFlow takes any case), or nullptr.
const std::string* find_application(const Release& release, std::string_view name);

}  // namespace howdah::apps
