#pragma once

// The list of copied files that --outputManifest writes and --previousManifest reads: gzip over one
// JSON object a line, {"path","baseName","srcDir","size"}. `path` is where the copy lies,
// `base_name` what follows the folder copied from (so that a later run recognises the file),
// `source_dir` the folder that the copies are in. Pure. Failure: kInvalidArgument names the line.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::distcp {

struct ManifestLine {
  std::string path;
  std::string base_name;
  std::string source_dir;
  uint64_t size = 0;  // of the source, in bytes
  bool operator==(const ManifestLine&) const = default;
};

/// Gzipped or plain text; empty lines are skipped.
base::Result<std::vector<ManifestLine>> parse_manifest(std::string_view bytes);

/// Gzipped.
base::Result<std::string> format_manifest(const std::vector<ManifestLine>& lines);

}  // namespace howdah::distcp
