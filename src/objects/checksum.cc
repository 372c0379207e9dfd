#include "objects/checksum.h"

#include <array>

#include "base/result.h"
#include "base/text.h"

namespace howdah::objects {
namespace {

constexpr uint64_t kCrc64Polynomial = 0x9A6C9329AC4BC9B5;  // reflected, NVM Express 1.4, 5.2.1.3.4
constexpr uint64_t kCrc32Polynomial = 0xEDB88320;
constexpr uint64_t kCrc32cPolynomial = 0x82F63B78;

using Tables = std::array<std::array<uint64_t, 256>, 8>;

Tables crc64_tables() {
  Tables t{};
  for (uint64_t i = 0; i < 256; ++i) {
    uint64_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ kCrc64Polynomial : c >> 1;
    t[0][i] = c;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t i = 0; i < 256; ++i) t[k][i] = t[0][t[k - 1][i] & 255] ^ t[k - 1][i] >> 8;
  }
  return t;
}

std::optional<base::Algorithm> base_algorithm(Checksum checksum) {
  switch (checksum) {
    case Checksum::kCrc32:
      return base::Algorithm::kCrc32;
    case Checksum::kCrc32c:
      return base::Algorithm::kCrc32c;
    case Checksum::kSha1:
      return base::Algorithm::kSha1;
    case Checksum::kSha256:
      return base::Algorithm::kSha256;
    case Checksum::kCrc64nvme:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string big_endian(uint64_t value, size_t bytes) {
  std::string out(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(value >> 8 * (bytes - 1 - i));
  return out;
}

uint64_t from_big_endian(std::string_view raw) {
  uint64_t value = 0;
  for (char c : raw) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// A reflected CRC as a polynomial over GF(2): shifting it by n bytes is a product with x^(8n).
class Field {
 public:
  Field(uint64_t polynomial, int width)
      : polynomial_(polynomial), one_(uint64_t{1} << (width - 1)) {}

  uint64_t multiply(uint64_t a, uint64_t b) const {
    uint64_t product = 0;
    for (uint64_t mask = one_; mask != 0; mask >>= 1) {
      if (a & mask) product ^= b;
      b = b & 1 ? b >> 1 ^ polynomial_ : b >> 1;
    }
    return product;
  }

  uint64_t shifted(uint64_t crc, uint64_t bytes) const {
    uint64_t power = one_ >> 8;  // x^8
    for (; bytes != 0; bytes >>= 1) {
      if (bytes & 1) crc = multiply(power, crc);
      power = multiply(power, power);
    }
    return crc;
  }

 private:
  uint64_t polynomial_;
  uint64_t one_;  // x^0: the highest bit
};

}  // namespace

const char* wire_name(Checksum checksum) {
  constexpr const char* kNames[] = {"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"};
  return kNames[static_cast<size_t>(checksum)];
}

const char* field_name(Checksum checksum) {
  constexpr const char* kNames[] = {"crc32", "crc32c", "crc64nvme", "sha1", "sha256"};
  return kNames[static_cast<size_t>(checksum)];
}

std::optional<Checksum> checksum_of(std::string_view name) {
  for (Checksum checksum : kAllChecksums) {
    if (base::equals_ignore_case(name, wire_name(checksum))) return checksum;
  }
  return std::nullopt;
}

size_t size_of(Checksum checksum) {
  constexpr size_t kSizes[] = {4, 4, 8, 20, 32};
  return kSizes[static_cast<size_t>(checksum)];
}

uint64_t crc64nvme(uint64_t crc, std::string_view bytes) {
  static const Tables t = crc64_tables();
  crc = ~crc;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; --i) word = word << 8 | static_cast<unsigned char>(at[i]);
    word ^= crc;
    crc = 0;
    for (size_t i = 0; i < 8; ++i) crc ^= t[7 - i][word >> 8 * i & 255];
  }
  for (; left > 0; --left, ++at)
    crc = t[0][(crc ^ static_cast<unsigned char>(*at)) & 255] ^ crc >> 8;
  return ~crc;
}

Summer::Summer(std::span<const Checksum> wanted) : md5_digest_(base::Algorithm::kMd5) {
  for (Checksum checksum : wanted) {
    if (checksum == Checksum::kCrc64nvme) {
      crc64_ = 0;
    } else {
      digests_.emplace_back(checksum, base::Digest(*base_algorithm(checksum)));
    }
  }
}

void Summer::update(std::string_view bytes) {
  md5_digest_.update(bytes);
  for (auto& [checksum, digest] : digests_) digest.update(bytes);
  if (crc64_) crc64_ = crc64nvme(*crc64_, bytes);
}

void Summer::finish() {
  md5 = md5_digest_.finish();
  for (auto& [checksum, digest] : digests_) values.push_back({checksum, digest.finish()});
  if (crc64_) values.push_back({Checksum::kCrc64nvme, big_endian(*crc64_, 8)});
}

std::string composite(Checksum algorithm, std::span<const PartSum> parts) {
  std::string all;
  for (const PartSum& part : parts) all += part.raw;
  const auto known = base_algorithm(algorithm);
  return known ? base::digest(*known, all) : big_endian(crc64nvme(0, all), 8);
}

std::optional<std::string> combined(Checksum algorithm, std::span<const PartSum> parts) {
  const size_t bytes = size_of(algorithm);
  if (bytes > 8) return std::nullopt;
  const uint64_t polynomial = algorithm == Checksum::kCrc32    ? kCrc32Polynomial
                              : algorithm == Checksum::kCrc32c ? kCrc32cPolynomial
                                                               : kCrc64Polynomial;
  const Field field(polynomial, static_cast<int>(bytes) * 8);
  uint64_t crc = 0;
  for (const PartSum& part : parts) crc = field.shifted(crc, part.size) ^ from_big_endian(part.raw);
  return big_endian(crc, bytes);
}

}  // namespace howdah::objects
