#pragma once

// Makes the folder of one application out of its verified files: unpacks, adds the S3 connector,
// installs the Python packages, compiles what apps/<application>/ has to compile. Nothing is
// fetched. Failure: the Error names the program, its exit code, its last lines and its log.

#include <filesystem>
#include <string>

#include "apps/manifest.h"
#include "base/result.h"

namespace howdah::apps {

struct LayOutSpec {
  const Manifest& manifest;
  std::filesystem::path sources;  // apps/spark
  std::filesystem::path store;    // the verified files, under Artifact::file
  std::filesystem::path folder;   // made; see the drawing in install.h
  std::filesystem::path
      final_folder;               // where it will lie: what must know its own path is told this
  std::filesystem::path scratch;  // made when missing
  std::filesystem::path logs;
  std::string python;  // has pip
  std::filesystem::path java_home;
};

/// The folder below an application's root that a jar lies in.
std::filesystem::path folder_of(const Manifest& manifest, const std::string& file);

base::Status lay_out(const LayOutSpec& spec);

}  // namespace howdah::apps
