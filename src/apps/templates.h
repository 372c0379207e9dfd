#pragma once

// What an application shows inside a node, as data: apps/<application>/node.json (environment and
// default settings, with {{fact}} in their values) and the tree apps/<application>/node/ (files,
// taken as they are). Values, read once. Threads: const after loading.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/render.h"
#include "base/result.h"

namespace howdah::apps {

/// A file of a node: what nodes::NodeSpec::File is, for control to copy.
struct File {
  std::filesystem::path path;  // absolute, inside the node
  std::string contents;
  uint32_t mode = 0644;
};

struct Templates {
  Settings environment;
  std::map<std::string, Settings> settings;  // by classification: "spark-defaults", "core-site"
  std::vector<File> files;
};

/// kInvalidArgument naming file and member; also for a {{fact}} that nobody defines (fact_names()).
base::Result<Templates> load_templates(const std::filesystem::path& application_folder);

/// Replaces {{name}} by its value; a name without one stays as it is.
std::string fill(std::string_view text, const std::map<std::string, std::string>& facts);

/// What may stand in {{}}; the meaning of each is written beside it in templates.cc.
const std::vector<std::string>& fact_names();

}  // namespace howdah::apps
