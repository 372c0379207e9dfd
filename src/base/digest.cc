#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <array>

#include "base/result.h"
#include "base/text.h"

namespace howdah::base {
namespace {

// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78, RFC 3720 B.4), eight bytes a round.
class Crc32c {
 public:
  static uint32_t update(uint32_t crc, std::string_view bytes) {
    static const Crc32c tables;
    crc = ~crc;
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
      const uint32_t low =
          crc ^ (at[0] | at[1] << 8 | at[2] << 16 | static_cast<uint32_t>(at[3]) << 24);
      crc = tables.t_[7][low & 255] ^ tables.t_[6][low >> 8 & 255] ^ tables.t_[5][low >> 16 & 255] ^
            tables.t_[4][low >> 24] ^ tables.t_[3][at[4]] ^ tables.t_[2][at[5]] ^
            tables.t_[1][at[6]] ^ tables.t_[0][at[7]];
    }
    for (; left > 0; --left, ++at) crc = tables.t_[0][(crc ^ *at) & 255] ^ crc >> 8;
    return ~crc;
  }

 private:
  Crc32c() {
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ 0x82F63B78u : c >> 1;
      t_[0][i] = c;
    }
    for (size_t k = 1; k < 8; ++k) {
      for (uint32_t i = 0; i < 256; ++i) t_[k][i] = t_[0][t_[k - 1][i] & 255] ^ t_[k - 1][i] >> 8;
    }
  }
  std::array<std::array<uint32_t, 256>, 8> t_;
};

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// Kept for ever: looking it up at every use costs more than digesting a short text.
const EVP_MD* fetched(const char* name) {
  const EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
  CHECK(md != nullptr);
  return md;
}

const EVP_MD* evp(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kMd5: {
      static const EVP_MD* const md5 = fetched("MD5");
      return md5;
    }
    case Algorithm::kSha1: {
      static const EVP_MD* const sha1 = fetched("SHA1");
      return sha1;
    }
    case Algorithm::kSha256: {
      static const EVP_MD* const sha256 = fetched("SHA256");
      return sha256;
    }
    default:
      return nullptr;
  }
}

}  // namespace

struct Digest::State {
  Algorithm algorithm;
  uint32_t crc = 0;
  EVP_MD_CTX* context = nullptr;
  ~State() { EVP_MD_CTX_free(context); }
};

Digest::Digest(Algorithm algorithm) : state_(std::make_unique<State>()) {
  state_->algorithm = algorithm;
  if (const EVP_MD* md = evp(algorithm)) {
    state_->context = EVP_MD_CTX_new();
    CHECK(state_->context && EVP_DigestInit_ex(state_->context, md, nullptr) == 1);
  }
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::string_view bytes) {
  if (state_->context) {
    CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
  } else if (state_->algorithm == Algorithm::kCrc32) {
    state_->crc = static_cast<uint32_t>(
        crc32_z(state_->crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
  } else {
    state_->crc = Crc32c::update(state_->crc, bytes);
  }
}

std::string Digest::finish() {
  if (!state_->context) return big_endian(state_->crc);
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  CHECK(EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(out.data()),
                           &length) == 1);
  out.resize(length);
  return out;
}

std::string digest(Algorithm algorithm, std::string_view bytes) {
  Digest d(algorithm);
  d.update(bytes);
  return d.finish();
}

std::string sha256_hex(std::string_view bytes) { return to_hex(digest(Algorithm::kSha256, bytes)); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string out(32, '\0');
  unsigned length = 0;
  CHECK(HMAC(evp(Algorithm::kSha256), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
             reinterpret_cast<unsigned char*>(out.data()), &length) != nullptr);
  return out;
}

}  // namespace howdah::base
