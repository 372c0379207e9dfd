#pragma once

// The few things this module does with files: read and write whole ones, digest them, find one's
// size while somebody else still writes it. Threads: stateless. Failure: an Error that names the
// path.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace howdah::apps {

base::Result<std::string> read_file(const std::filesystem::path& path);
/// Atomically (a temporary file beside it, renamed); not synced: for files that can be made again.
base::Status write_file(const std::filesystem::path& path, std::string_view contents);
base::Result<std::string> sha256_of_file(const std::filesystem::path& path);  // hexadecimal
base::Status make_folders(const std::filesystem::path& path);
/// Adds the files below `folder` to name -> size, the largest of each name. Whoever owns them may
/// rename and remove them meanwhile.
void add_sizes(const std::filesystem::path& folder, std::map<std::string, uint64_t>& sizes);
/// The last `lines` lines that are not empty, joined by "; "; at most 600 characters.
std::string last_lines(const std::filesystem::path& path, size_t lines);

}  // namespace howdah::apps
