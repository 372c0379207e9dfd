#pragma once

// What becomes of what: from the files that were found to the files that shall be there. Filters,
// groups, splits by size, names, numbers. Pure: it sees no file system, so that every rule of AWS's
// page is tested in microseconds. Failure: kInvalidArgument names the files or the option.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "distcp/location.h"
#include "distcp/manifest.h"
#include "distcp/options.h"

namespace howdah::distcp {

/// A file that was found.
struct Input {
  Location location;
  std::string relative;       // below --src, without a leading '/'
  uint64_t size = 0;          // bytes
  std::string version;        // S3: its ETag, so that a change while it is copied is noticed
  std::string storage_class;  // S3; empty when it is STANDARD
};

/// A file that shall be there.
struct Output {
  std::string relative;  // below --dest
  std::vector<Input> inputs;
  /// Bytes; nullopt when a codec changes them.
  std::optional<uint64_t> size;
  /// Append to the file of that name, which has `appended_to` bytes.
  bool append = false;
  uint64_t appended_to = 0;
  std::string storage_class;
};

struct Plan {
  std::vector<Output> outputs;
  uint64_t files = 0;    // to copy
  uint64_t bytes = 0;    // of them
  uint64_t skipped = 0;  // filtered by pattern or manifest
};

/// A file that is at the destination already: asked for only with --appendToLastFile.
struct Present {
  std::string relative;
  uint64_t size = 0;
};

struct Findings {
  std::vector<Input> inputs;
  std::vector<ManifestLine> previous;  // to be skipped
  std::vector<Present> present;
  Scheme destination = Scheme::kS3;  // HDFS and local paths have no empty components and no ".."
};

/// Groups and their files are in the order of their paths. A group lies in the folder of its first
/// file. More than one part of a group: name0.gz, name1.gz …
base::Result<Plan> make_plan(const Options& options, Findings findings);

/// "log.gz", 2 -> "log2.gz"; "2026-11", 0 -> "2026-110": the number goes before an ending that
/// begins with a letter.
std::string with_number(std::string_view name, uint64_t number);

}  // namespace howdah::distcp
