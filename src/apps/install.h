#pragma once

// Puts the applications of a release label onto this host, and says whether they are there.
//
// clang-format off
//   <engines>/                   one tree, shared by all data directories of this host; read-only
//     spark-3.5.5-0123456789ab/  one folder an application and version; complete, or not there at
//                                all: made beside it and renamed
//       spark/                   SPARK_HOME: bin jars python sbin …; conf -> /etc/spark/conf
//       spark/local-yarn/        the master "yarn" of a cluster without core nodes (classes)
//       python/                  boto3, AWS CLI, pip, numpy for /usr/bin/python3 inside a node
//       installed.json           what was installed, from which manifest
//     hadoop-3.4.2-0123456789ab/
//       hadoop/ hadoop-hdfs/ …   as below /usr/lib inside a node (application.json: "mounts")
//       java/arguments           of the JVM: class path, class archive; see class_archive.h
//     downloads/                 verified files of an installation that is not complete yet
//     logs/                      what pip, Maven and the others printed
//     .lock-<folder>             flock: one process installs, the others wait and then find it done
//     .progress-<label>.json     see progress.h
//     .tmp-<folder>/             the installation at work; a dead one's is removed by the next
// clang-format on
//
// install() blocks for seconds to minutes: run it in a process of its own (`howdah install
// <label>`), which the control loop supervises. A killed one leaves nothing half-done: what was
// verified is used again. Threads: installs of one label are serialised across processes;
// installed() is a few stat() calls.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/progress.h"
#include "apps/releases.h"
#include "base/clock.h"
#include "base/result.h"

namespace howdah::apps {

/// One application on this host.
struct InstalledApplication {
  std::string name;                 // "Hadoop"
  std::string version;              // "3.4.2"
  std::filesystem::path root;       // <engines>/hadoop-3.4.2-0123456789ab
  std::filesystem::path java_home;  // that it runs on; of this host, outside root
};

/// Where a label's applications lie on this host. Every path is absolute. The members without a
/// list are Spark's: it is always there, because the node's Python packages come with it.
struct Installed {
  std::string label;
  std::string spark_version;
  std::filesystem::path root;         // <engines>/spark-3.5.5-0123456789ab
  std::filesystem::path spark_home;   // root/spark
  std::filesystem::path local_yarn;   // classes that serve the master "yarn" on one node
  std::filesystem::path python_path;  // packages for /usr/bin/python3 (boto3, awscli, pip, numpy)
  std::filesystem::path java_home;    // of this host, outside root
  /// Spark's jars, by name, where its class archive is there: a class path that begins with it
  /// starts in half the time. Empty: without.
  std::string spark_class_path;
  std::filesystem::path warm_programs;  // of this host, see start_fast.h; empty: not there
  std::vector<InstalledApplication> applications;  // Spark first, then by need

  const InstalledApplication* find(std::string_view name) const;  // nullptr when it is not there
};

struct InstallOptions {
  std::filesystem::path engines_root;
  /// Verified files are taken from here and put here; empty: <engines>/downloads, emptied on
  /// success. The CLI takes it from --cache or HOWDAH_CACHE.
  std::filesystem::path cache;
  bool offline = false;  // fail rather than start pip or Maven
  std::string python;    // one that has pip; empty: HOWDAH_PYTHON, .venv beside apps/, python3
  OnProgress on_progress;
};

/// What has to be installed for a cluster that asks for `applications` (any spelling of case):
/// those of them that run here, what they need (manifest.json: "needs"), Hadoop when there is more
/// than one node, and always Spark. In the release's spelling, Spark first, what is needed before
/// who needs it; parts ("spark-shuffle") last.
std::vector<std::string> needed_applications(const Release& release,
                                             const std::vector<std::string>& applications,
                                             bool several_nodes);

/// Installs what needed_applications() gives for `applications` on one node; say "Hadoop" among
/// them for a cluster of several. kNotFound for an unknown label, kFailedPrecondition for one that
/// cannot run here (both list the runnable), for a missing Java or pip, a wrong checksum, or a
/// missing file offline; kResourceExhausted when the disk has no room; kUnavailable when a download
/// failed. Progress ends with the error.
base::Result<Installed> install(const Releases& releases, std::string_view label,
                                const std::vector<std::string>& applications,
                                const InstallOptions& options, base::Clock& clock);
/// Spark alone.
base::Result<Installed> install(const Releases& releases, std::string_view label,
                                const InstallOptions& options, base::Clock& clock);

/// nullopt when the label is unknown, or one of the applications is not (completely) installed, or
/// its Java went away.
std::optional<Installed> installed(const Releases& releases, std::string_view label,
                                   const std::vector<std::string>& applications,
                                   const std::filesystem::path& engines_root);
std::optional<Installed> installed(const Releases& releases, std::string_view label,
                                   const std::filesystem::path& engines_root);

/// "emr-7.9.0 cannot run here yet; runnable: emr-7.10.0", or that the label is not known.
base::Result<const Release*> runnable_release(const Releases& releases, std::string_view label);

}  // namespace howdah::apps
