#pragma once

// What an application is inside a node, as data: apps/<application>/application.json. Which of its
// folders a node shows where, which classification becomes which file, and which daemons run on
// which node. Its environment, default settings and plain files are templates.h. Values, read once.
// Threads: const after loading.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/templates.h"
#include "base/result.h"

namespace howdah::apps {

/// A classification that an application reads, and who has to start again when it changes.
struct ConfigurationFile {
  std::string classification;  // "core-site"
  std::filesystem::path path;  // "/etc/hadoop/conf/core-site.xml"
  enum class Format {
    kHadoopXml,   // <configuration><property>…
    kProperties,  // "key value" lines, escaped as java.util.Properties reads them
    kEquals,      // key=value lines, escaped likewise: log4j, ini-like files
    kShell,       // export NAME="value": the classification's and its nested export's properties
  } format = Format::kHadoopXml;
  std::vector<std::string> restarts;  // units
};

/// A daemon as application.json states it. Texts may hold {{facts}}.
struct DaemonTemplate {
  std::string unit;                // "hadoop-hdfs-namenode"
  std::vector<std::string> roles;  // "MASTER", "CORE", "TASK"
  bool essential = true;
  std::string start;        // "boot", "later", "on-use"
  uint16_t port = 0;        // of the health probe
  std::string health_path;  // empty: TCP
  std::string log;          // "/var/log/hadoop-hdfs/hadoop-hdfs-namenode-{{hostname}}.log"
  std::string main;         // Java's main class, and its arguments
  uint64_t heap_mib = 0;    // of its own; users change it through heap_variables
  std::vector<std::string> heap_variables;  // "HADOOP_NAMENODE_HEAPSIZE": MiB; the first set wins
  std::vector<std::string> options_variables;  // "HADOOP_NAMENODE_OPTS": appended, in order
  std::vector<std::string> options;            // of the JVM, beside every daemon's
  std::vector<std::string> environment_files;  // sourced first, in order
  Settings environment;                        // of its own
  std::string prepare;   // a program inside the node, run as root before the daemon, every time
  std::string wait_for;  // "host:port": not started before that answers
};

struct Application {
  std::string name;  // "Hadoop"
  /// Inside the node -> below the application's installed folder.
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> mounts;
  std::vector<ConfigurationFile> files;
  std::vector<DaemonTemplate> daemons;  // in start order
  Templates templates;
};

class Applications {
 public:
  /// Every apps/<application>/ that has an application.json. kInvalidArgument names file and
  /// member.
  static base::Result<Applications> load(const std::filesystem::path& apps_folder);
  const Application* find(std::string_view name) const;         // nullptr when unknown
  const std::vector<Application>& all() const { return all_; }  // by start order

  /// The daemons that read any of these classifications, in start order: who has to be restarted
  /// when they change. Source: AWS "Reconfigure an instance group in a running cluster".
  std::vector<std::string> units_to_restart(const std::vector<std::string>& classifications) const;

 private:
  std::vector<Application> all_;
};

}  // namespace howdah::apps
