#pragma once

// How an application's Java programs find their classes, and start fast. <root>/java/arguments is a
// file of arguments for `java @file`: the class path, every jar by name in a fixed order, and the
// class-data-sharing archive <root>/java/classes.jsa, made from it once at installation. One
// archive serves all of an application's daemons and clients, and its pages are shared between
// them.
//
// The JVM takes the archive only when its class path begins exactly with the jars that the archive
// was made with, so inside nodes <root> is shown at its own path too, and folders (which an archive
// cannot hold) come behind all jars. Which classes are in it is data:
// apps/<application>/classes.lst.gz, made by tools/class_list.py from what the programs loaded.
// Failure: Status; without an archive programs run all the same. Threads: stateless.

#include <filesystem>
#include <string>
#include <vector>

#include "apps/manifest.h"
#include "base/result.h"

namespace howdah::apps {

/// Writes java/arguments and java/classpath (the jars alone, one line) below `folder`, with paths
/// below `final_folder`. `jars` and relative `behind` are below the root.
base::Status write_java_arguments(const std::filesystem::path& folder,
                                  const std::filesystem::path& final_folder,
                                  std::vector<std::filesystem::path> jars,
                                  const std::vector<std::string>& behind);

/// For an application that was unpacked as a whole (Spark): writes them once, from the jars there.
/// The archive is of Spark's own jars: what differs between a node with YARN and one without comes
/// behind them, so that one archive serves both.
base::Status ensure_java_arguments(const Manifest& manifest, const std::filesystem::path& root);

/// The JVM's options for the archive of the application at `root`. They say nothing when the
/// archive does not fit: then it is not used.
std::string class_archive_options(const std::filesystem::path& root);

struct ClassArchiveSpec {
  std::filesystem::path sources;  // apps/<application>: classes.lst.gz
  std::filesystem::path root;     // where the application lies for good
  std::filesystem::path java_home;
  std::filesystem::path log;
};
/// Some ten seconds of one core.
base::Status make_class_archive(const ClassArchiveSpec& spec);
bool has_class_archive(const std::filesystem::path& root);
bool has_class_list(const std::filesystem::path& sources);

}  // namespace howdah::apps
