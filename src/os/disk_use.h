#pragma once

// What a tree of files takes on its disk. Stateless; threads: concurrent calls allowed.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace howdah::os {

/// Bytes of all files below, as du(1) counts them: blocks, not lengths; links are not followed, nor
/// are other file systems. nullopt: a folder in it may not be read, so that it is not known. A file
/// that goes meanwhile counts as gone.
std::optional<uint64_t> disk_use(const std::filesystem::path& folder);

}  // namespace howdah::os
