#pragma once

// The checksums that S3 keeps beside an object: whole ones while bytes stream through, those of a
// multipart upload from its parts' (AWS: "Checking object integrity in Amazon S3").
// Threads: one Summer belongs to one thread; the rest are pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace howdah::objects {

enum class Checksum { kCrc32, kCrc32c, kCrc64nvme, kSha1, kSha256 };
inline constexpr Checksum kAllChecksums[] = {
    Checksum::kCrc32, Checksum::kCrc32c, Checksum::kCrc64nvme, Checksum::kSha1, Checksum::kSha256};

const char* wire_name(Checksum checksum);  // "CRC32", "CRC64NVME", …
const char* field_name(
    Checksum checksum);  // "crc32", …: x-amz-checksum-<this>, and how it is stored
std::optional<Checksum> checksum_of(std::string_view name);  // either spelling, any case
size_t size_of(Checksum checksum);                           // raw bytes

/// One checksum's raw bytes.
struct ChecksumValue {
  Checksum algorithm;
  std::string raw;
};

/// MD5 and any checksums, over bytes that pass once.
class Summer {
 public:
  explicit Summer(std::span<const Checksum> wanted);
  void update(std::string_view bytes);
  void finish();  // afterwards md5 and values are there

  std::string md5;  // raw
  std::vector<ChecksumValue> values;

 private:
  base::Digest md5_digest_;
  std::vector<std::pair<Checksum, base::Digest>> digests_;
  std::optional<uint64_t> crc64_;
};

/// What one part adds to the sum of a multipart upload.
struct PartSum {
  std::string raw;
  uint64_t size = 0;
};

/// The checksum of the parts' checksums, without its "-N".
std::string composite(Checksum algorithm, std::span<const PartSum> parts);
/// The checksum of the concatenated bytes; nullopt for SHA, which cannot be combined.
std::optional<std::string> combined(Checksum algorithm, std::span<const PartSum> parts);

uint64_t crc64nvme(uint64_t crc, std::string_view bytes);  // begin with 0

}  // namespace howdah::objects
