#include "base/ids.h"

#include <sys/random.h>

#include "base/result.h"

namespace howdah::base {

std::string Ids::token(std::string_view alphabet, size_t length) {
  CHECK(!alphabet.empty() && alphabet.size() <= 256);
  const size_t limit =
      256 - 256 % alphabet.size();  // above it a byte would favour the first letters
  std::string out;
  out.reserve(length);
  uint8_t bytes[64];
  while (out.size() < length) {
    fill(bytes, sizeof bytes);
    for (uint8_t byte : bytes) {
      if (byte < limit && out.size() < length) out += alphabet[byte % alphabet.size()];
    }
  }
  return out;
}

std::string Ids::uuid() {
  uint8_t bytes[16];
  fill(bytes, sizeof bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string out;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kHexDigits[bytes[i] >> 4];
    out += kHexDigits[bytes[i] & 15];
  }
  return out;
}

void RandomIds::fill(uint8_t* bytes, size_t count) {
  while (count > 0) {
    const ssize_t got = getrandom(bytes, count, 0);
    if (got < 0) {
      CHECK(errno == EINTR);
      continue;
    }
    bytes += got;
    count -= static_cast<size_t>(got);
  }
}

void SeededIds::fill(uint8_t* bytes, size_t count) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(engine_());
}

}  // namespace howdah::base
