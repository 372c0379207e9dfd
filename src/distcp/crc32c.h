#pragma once

// CRC-32C of consecutive chunks, as HDFS keeps them beside its blocks. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace howdah::distcp {

inline constexpr size_t kChunk = 512;  // bytes a checksum, of what is written here

/// Four bytes, big-endian, for every `chunk` bytes of `data` and for the rest.
void append_checksums(std::string_view data, size_t chunk, std::string& out);

}  // namespace howdah::distcp
