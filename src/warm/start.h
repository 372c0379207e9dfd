#pragma once

// How Spark's driver JVM is started in this node: what the node's view wrote down about the release
// (src/apps/node_view.cc), and what the environment adds. Both programs make a JVM's command from
// it, so that the warm one and the cold one are the same but for what each is for.
// Pure but for load(). Threads: values. Failure: Result.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace howdah::warm {

using Environment = std::map<std::string, std::string>;
using Argv = std::vector<std::string>;

/// /etc/howdah/spark-start.json.
struct Start {
  std::string version;                      // "3.5.5"
  std::string home;                         // "/usr/lib/spark"
  std::string class_path;                   // Spark's jars by name, as the class archive has them
  std::vector<std::string> archive;         // the JVM's options for it; empty: there is none
  std::vector<std::string> module_options;  // what Spark's own launcher adds
  bool can_be_warm = false;
};

base::Result<Start> load(const std::string& path);
Environment environment_of(char** names);

/// C1 starts fast, C2 runs long ones fast.
enum class Jit { kC1, kC2 };
std::string_view to_string(Jit jit);
std::optional<Jit> jit_of(std::string_view text);

/// "4g", "4096m", "4194304k"; nullopt when it is something else (plain bytes too).
std::optional<int64_t> mebibytes(std::string_view memory);

/// What has to be equal for a warm JVM to serve a job.
struct Key {
  std::string release;
  std::string home;
  int64_t heap_mib = 1024;
  Jit jit = Jit::kC1;
  std::vector<std::string> java_options;
  std::string class_path;
  Environment environment;  // of it only what the JVM reads once, and cannot read again

  base::JsonObject to_json() const;
  static base::Result<Key> from_json(const base::JsonObject& json);
};

Key key_of(const Start& start, const Environment& environment, int64_t heap_mib, Jit jit,
           std::vector<std::string> java_options);
/// Why `there` does not serve who wants `wanted`; empty when it does.
std::string difference(const Key& there, const Key& wanted);

/// `java` up to the main class; `behind` is appended to the class path, `extra` to the options.
Argv java_command(const Start& start, const Key& key, const std::string& behind = {},
                  const Argv& extra = {});

}  // namespace howdah::warm
