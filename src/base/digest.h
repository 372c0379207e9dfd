#pragma once

// Digests and checksums, whole or streamed. Bytes in, raw bytes out (see to_hex/to_base64 in
// text.h). Checksums of 32 bits come out big-endian, as S3 encodes them (AWS: "Checking object
// integrity"). Threads: one Digest belongs to one thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace howdah::base {

enum class Algorithm { kMd5, kSha1, kSha256, kCrc32, kCrc32c };

class Digest {
 public:
  explicit Digest(Algorithm algorithm);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void update(std::string_view bytes);
  std::string finish();  // raw bytes; the object is then spent

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string digest(Algorithm algorithm, std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // raw, 32 bytes

}  // namespace howdah::base
