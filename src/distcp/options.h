#pragma once

// What the command line of s3-dist-cp asks for. The options and their meaning: AWS, "S3DistCp
// (s3-dist-cp)" in the Amazon EMR Release Guide; `--name=value` and `--name value` are the same.
// Pure. Failure: kInvalidArgument names the option and what it takes.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "distcp/codec.h"

namespace howdah::distcp {

inline constexpr int64_t kMebibyte = 1024 * 1024;

struct Options {
  bool help = false;
  std::string source;
  std::string destination;
  std::string source_pattern;  // empty: everything
  std::string group_by;        // empty: no concatenation
  int64_t target_size = 0;     // bytes; 0: groups are not split
  bool append_to_last_file = false;
  Codec output_codec = Codec::kKeep;
  bool server_side_encryption = false;
  bool delete_on_success = false;
  bool disable_multipart = false;
  int64_t chunk_size = 16 * kMebibyte;  // bytes of a part of a multipart upload
  bool number_files = false;
  int64_t starting_index = 0;
  std::string output_manifest;
  std::string previous_manifest;
  bool require_previous_manifest = true;
  bool copy_from_manifest = false;
  std::string s3_endpoint;
  std::string storage_class;  // empty: keep that of the source
  std::string source_prefixes_file;
  std::vector<std::pair<std::string, std::string>> properties;  // -D name=value, in their order
  std::vector<std::string> notes;  // what was asked for and has no effect: for the log
};

base::Result<Options> parse_options(std::span<const std::string> arguments);

/// What --help prints.
std::string usage();

}  // namespace howdah::distcp
