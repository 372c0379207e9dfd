#pragma once

// Takes a body in: reads a Source to its end, sums it (MD5 and the wanted checksums, for large
// bodies on a second thread while the first reads and writes), and leaves it in memory when it is
// small or in a new file. What was expected is compared before anything is answered; a mismatch
// discards. Ownership: a taken body owns its bytes or its file until they are kept. Threads: one
// call, one body.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "objects/checksum.h"
#include "objects/files.h"
#include "objects/object_store.h"

namespace howdah::objects {

inline constexpr uint64_t kInlineLimit = 64 * 1024;
inline constexpr uint64_t kMaxPut = uint64_t{5}
                                    << 30;  // of one PUT, part or copy: 5 GiB (S3 limits)

/// What the client said about its body.
struct Expected {
  std::optional<uint64_t> size;
  std::optional<std::string> md5;  // raw 16 bytes, of Content-MD5
  std::vector<Checksum> wanted;    // to be computed and stored
  std::vector<ChecksumValue> checksums;
  /// Asked once after the last byte: what a trailer announced.
  std::function<base::Result<std::vector<ChecksumValue>>()> trailer;
};

/// A place within a file that is shared by the parts of one upload.
struct Slot {
  int fd = -1;
  uint64_t offset = 0;
  uint64_t capacity = 0;
};

struct Taken {
  uint64_t size = 0;
  std::string md5;  // raw
  std::vector<ChecksumValue> checksums;
  /// Bytes in memory, a file that is durable, or nothing: it went to the slot (durable as well).
  std::variant<std::monostate, std::string, NewFile> body;
};

/// BadDigest, IncompleteBody, EntityTooLarge; kResourceExhausted when the disk is full.
base::Result<Taken> take_in(Source& source, const Expected& expected, Files& files,
                            const std::optional<Slot>& slot = std::nullopt);

}  // namespace howdah::objects
