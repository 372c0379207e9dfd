#pragma once

// What a copy needs of a file system, whichever it is. A Store lists and reads; a Writer makes one
// file, which nobody sees before it is whole: pieces may be written in any order and by several
// threads, each again after an error. Ownership: who asked owns what it got; a Store outlives its
// Writers and sources. Threads: a Store may be used concurrently; a Writer's write() too, for
// different pieces; finish() and abandon() alone. Failure: kNotFound, kPermissionDenied,
// kUnavailable and kDeadlineExceeded (worth another try), kFailedPrecondition (the file changed).
// Every message names the file.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "distcp/codec.h"
#include "distcp/location.h"
#include "distcp/plan.h"

namespace howdah::distcp {

struct Piece {
  uint64_t offset = 0;
  std::optional<uint64_t> length;  // nullopt: to the end, wherever that is
};

/// What is known of a file before it is written.
struct NewFile {
  Location location;
  std::optional<uint64_t> size;
  std::string storage_class;
  bool append = false;
  uint64_t appended_to = 0;
};

class Writer {
 public:
  virtual ~Writer() = default;
  /// At least one; one of unknown length when the size is not known.
  virtual std::vector<Piece> pieces() const = 0;
  /// `bytes` has exactly the piece's length, or gives an error.
  virtual base::Status write(size_t piece, http::BodySource& bytes) = 0;
  /// All pieces are written: the file is there, whole, once this succeeded.
  virtual base::Status finish() = 0;
  /// Removes what was written. Errors are of no consequence.
  virtual void abandon() = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  /// Every file at or below `folder`. Empty when there is none; kNotFound when it is not there.
  virtual base::Result<std::vector<Input>> list(const Location& folder) = 0;
  /// Every file whose name begins with `prefix`.
  virtual base::Result<std::vector<Input>> list_prefix(const Location& prefix) = 0;
  virtual base::Result<Input> look(const Location& file) = 0;
  /// `length` bytes from `offset` (inside the file).
  virtual base::Result<Source> open(const Input& file, uint64_t offset, uint64_t length) = 0;
  virtual base::Result<std::unique_ptr<Writer>> create(const NewFile& file) = 0;
  /// Copies without moving bytes through here; nullopt when that is not possible.
  virtual std::optional<base::Status> copy(const Input& from, const NewFile& to) = 0;
  /// Those that are gone already do not matter.
  virtual base::Status remove(const std::vector<Location>& files) = 0;
};

/// The store that a location lies in.
using StoreOf = std::function<base::Result<Store*>(const Location&)>;

}  // namespace howdah::distcp
