#pragma once

// The kernel's mount calls by descriptor (open_tree, fsmount, move_mount: Linux 5.2; mount_setattr:
// 5.12), and paths inside a root that the container's users may have filled with symbolic links:
// every step is resolved within that root (openat2 RESOLVE_IN_ROOT). For container_shim.cc.
// Ownership: descriptors are the caller's. Errors name call and path.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace howdah::os {

/// A private copy of the mounts at `path`, attached nowhere yet.
base::Result<base::Fd> clone_tree(const std::string& path, bool recursive);

/// A new file system, attached nowhere yet. An empty value is a flag.
base::Result<base::Fd> new_mount(const std::string& type,
                                 const std::vector<std::pair<std::string, std::string>>& options,
                                 unsigned attributes = 0);

base::Status attach(const base::Fd& tree, const base::Fd& target, std::string_view shown);

/// MOUNT_ATTR_* on a tree that is attached nowhere, below included if asked.
base::Status set_attributes(const base::Fd& tree, uint64_t attributes, bool recursive);
/// Files of the tree appear owned as the ids of `user_namespace` say (idmapped mount).
base::Status map_ids(const base::Fd& tree, int user_namespace);

/// Paths inside one root.
class Inside {
 public:
  explicit Inside(base::Fd root) : root_(std::move(root)) {}
  const base::Fd& root() const { return root_; }

  base::Result<base::Fd> open(std::string_view path, int flags, mode_t mode = 0) const;
  /// O_PATH of the folder, made with what is above it when missing.
  base::Result<base::Fd> folder(std::string_view path, mode_t mode = 0755) const;
  /// O_PATH of the file, made empty when missing.
  base::Result<base::Fd> file(std::string_view path) const;
  /// Replaces whatever is there but a folder.
  base::Status link(std::string_view path, const std::string& to) const;
  /// New contents in the plain file that is there, its inode, owner and mode kept.
  base::Status overwrite(std::string_view path, std::string_view contents) const;
  base::Status write(std::string_view path, std::string_view contents, mode_t mode, uid_t uid,
                     gid_t gid) const;

 private:
  base::Fd root_;
};

}  // namespace howdah::os
