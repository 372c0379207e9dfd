#pragma once

// What an application is made of: apps/<application>/manifest.json. One version of it names every
// file that an installation fetches, with size and SHA-256, so that what runs is what was checked.
// Values, read once. Threads: const after loading.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace howdah::apps {

struct Artifact {
  enum class Source { kPip, kMaven };
  Source source = Source::kPip;
  std::string group;         // Maven's groupId; empty for pip
  std::string name;          // "pyspark", "hadoop-aws"
  std::string version;       // "3.5.5"
  std::string classifier;    // Maven's: "tests"; mostly empty
  std::string type = "jar";  // Maven's: "jar", "tar.gz"
  std::string file;          // "pyspark-3.5.5.tar.gz": the name it has in every folder of ours
  std::string sha256;        // lower-case hexadecimal
  uint64_t bytes = 0;
};

/// A jar or archive that is laid out unpacked.
struct Unpacked {
  std::string file;     // Artifact::file
  std::string members;  // one folder or file in it: "webapps"
  std::string to;       // the folder below the application's root that then holds it
};

struct Manifest {
  std::string application;  // "Spark"
  std::string version;      // "3.5.5"
  int java = 0;             // the major version it runs on
  std::string python;       // "3.11": what the binary wheels are for
  std::string machine;      // "x86_64": likewise (uname -m)
  uint64_t unpacked_bytes = 0;
  std::vector<std::string> needs;    // applications that have to be there for this one to run
  std::optional<Artifact> home;      // the source distribution that holds the application: Spark's
  std::optional<Artifact> compiler;  // builds apps/<application>/*.java at installation
  std::vector<Artifact> jars;
  std::vector<Artifact> python_packages;
  int layout = 0;  // raised when the same files shall lie differently
  /// Prefix of a jar's file name -> folder below the root; the first that fits.
  std::vector<std::pair<std::string, std::string>> folders;
  std::vector<std::pair<std::string, std::string>> links;  // path below the root -> beside it
  std::vector<Unpacked> unpack;

  /// Behind the jars on the class path of its daemons: folders inside a node ("/etc/hadoop/conf"),
  /// or below the root.
  std::vector<std::string> class_path;

  std::vector<Artifact> artifacts() const;  // all of them, the largest first
  uint64_t download_bytes() const;
  /// "spark-3.5.5-0123456789ab": the folder's name, with 12 digits of a digest over all checksums.
  std::string folder_name() const;
};

/// `version` of the application in the manifest at `path`; kInvalidArgument names file and member.
base::Result<Manifest> load_manifest(const std::filesystem::path& path, std::string_view version);

}  // namespace howdah::apps
