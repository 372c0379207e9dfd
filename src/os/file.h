#pragma once

// Small files that must be whole or absent, and trees that must go whatever is in them. User code
// may have planted links, pipes and folders without rights anywhere below a node's folder: nothing
// here follows a symbolic link that it was not told to. Free functions; threads: concurrent calls
// allowed; failure: errors name the path.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace howdah::os {

/// The whole file, at most 64 MiB.
base::Result<std::string> read_file(const std::filesystem::path& path);

enum class Durability {
  kProcess,  // whole or absent for every reader, also if the writer is killed
  kPower,    // also after a power cut: file and folder are synced
};

/// All of it to an open file; `what` names it in an error.
base::Status write_all(int fd, std::string_view contents, const std::string& what);

/// Replaces the file at once: temporary file beside it, then rename.
base::Status write_file(const std::filesystem::path& path, std::string_view contents, mode_t mode,
                        Durability durability);

/// True: this call made the file. False: it was there, and stays as it is. The file never shows
/// without its contents, so that a claim always names its claimant.
base::Result<bool> create_file_once(const std::filesystem::path& path, std::string_view contents,
                                    mode_t mode, Durability durability);

/// Folders down to `path`; those that exist stay as they are.
base::Status make_folders(const std::filesystem::path& path, mode_t mode = 0755);

/// Everything at and below `path`, symbolic links not followed, folders without rights included.
/// Mount points are not crossed. Succeeds when nothing is there.
base::Status erase_tree(const std::filesystem::path& path);

/// Opens `inside` (relative, or absolute and taken relative to `root`) with `flags` (open(2);
/// CLOEXEC is added), never leaving `root`: kInvalidArgument for "..", or symbolic or magic links
/// that lead out.
base::Result<base::Fd> open_beneath(const std::filesystem::path& root,
                                    const std::filesystem::path& inside, int flags);

}  // namespace howdah::os
