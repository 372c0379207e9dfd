#include "distcp/crc32c.h"

#include <cstring>

#include "base/digest.h"

namespace howdah::distcp {
namespace {

using Checksum = uint32_t (*)(std::string_view);

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t in_hardware(std::string_view bytes) {
  uint64_t crc = 0xffffffff;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto short_crc = static_cast<uint32_t>(crc);
  for (; left > 0; --left, ++at) {
    short_crc = __builtin_ia32_crc32qi(short_crc, static_cast<unsigned char>(*at));
  }
  return ~short_crc;
}
#endif

uint32_t in_software(std::string_view bytes) {
  const std::string raw = base::digest(base::Algorithm::kCrc32c, bytes);  // big-endian
  uint32_t crc = 0;
  for (char byte : raw) crc = crc << 8 | static_cast<unsigned char>(byte);
  return crc;
}

Checksum choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return in_hardware;
#endif
  return in_software;
}

}  // namespace

void append_checksums(std::string_view data, size_t chunk, std::string& out) {
  static const Checksum checksum = choose();
  while (!data.empty()) {
    const std::string_view part = data.substr(0, chunk);
    const uint32_t crc = checksum(part);
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(crc >> shift);
    data.remove_prefix(part.size());
  }
}

}  // namespace howdah::distcp
