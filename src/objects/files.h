#pragma once

// The large bodies on disk. A file is written once, made durable, and from then on never changed;
// only a row in objects.db makes it part of an object, so the commit of that row is what makes a
// put happen. A file that no row names is left over from a crash.
//
//   <root>/
//     3f/            the low byte of the number: 256 folders keep each one small
//       2a-1c3f      <epoch>-<number>, hexadecimal. The epoch counts the openings of the store, so
//       a
//                    name is never used twice and what is older than this opening, and named by no
//                    row, can be swept while new files are being written
//
// Ownership: a Files owns its folder; a NewFile removes its file unless it was kept.
// Threads: concurrent calls allowed. Failure: errors name the path.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace howdah::objects {

class Files;

/// A file that is being written. Not kept: it goes away with this object.
class NewFile {
 public:
  NewFile(const Files* files, std::string name, base::Fd fd)
      : files_(files), name_(std::move(name)), fd_(std::move(fd)) {}
  NewFile(NewFile&& other) noexcept
      : files_(std::exchange(other.files_, nullptr)),
        name_(std::move(other.name_)),
        fd_(std::move(other.fd_)) {}
  NewFile& operator=(NewFile&& other) noexcept;
  ~NewFile();

  const std::string& name() const { return name_; }
  int fd() const { return fd_.get(); }
  /// A row names it now.
  void keep() { files_ = nullptr; }

 private:
  const Files* files_;
  std::string name_;
  base::Fd fd_;
};

class Files {
 public:
  Files(std::filesystem::path root, uint64_t epoch);

  base::Result<NewFile> create();
  /// A second name for `name`, without copying where the file system can (a hard link, since what
  /// is stored never changes; a reflink or copy otherwise). kNotFound when `name` is gone.
  base::Result<NewFile> duplicate(const std::string& name);
  /// Bytes and folder entry are on disk on return.
  base::Status make_durable(const NewFile& file) const;
  base::Result<base::Fd> open(const std::string& name) const;
  void remove(const std::string& name) const;
  std::filesystem::path path(const std::string& name) const;
  const std::filesystem::path& root() const { return root_; }

  /// Removes files of earlier epochs that `is_named` does not know; answers how many.
  base::Result<size_t> sweep(const std::function<base::Result<bool>(const std::string&)>& is_named,
                             std::stop_token stop) const;

 private:
  std::string next_name();
  base::Status make_folder(const std::filesystem::path& folder) const;

  std::filesystem::path root_;
  uint64_t epoch_;
  std::atomic<uint64_t> number_{0};
};

/// All of `bytes` at `offset`; a full disk as write_failed() says it.
base::Status write_at(int fd, std::string_view bytes, uint64_t offset, std::string_view what);
/// `size` bytes from one file to the other, in the kernel where it can (a reflink where the file
/// system has them).
base::Status copy_bytes(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t size,
                        std::string_view what);
base::Result<std::string> read_at(int fd, uint64_t offset, uint64_t size, std::string_view what);

}  // namespace howdah::objects
