#pragma once

// The only source of new identifiers and of randomness. Threads: concurrent calls allowed.

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <string_view>

namespace howdah::base {

inline constexpr std::string_view kUpperAlnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
inline constexpr std::string_view kLowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789";
inline constexpr std::string_view kHexDigits = "0123456789abcdef";
inline constexpr std::string_view kMixedAlnum =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

class Ids {
 public:
  virtual ~Ids() = default;
  /// `length` characters of `alphabet` (at most 256 characters), uniformly.
  std::string token(std::string_view alphabet, size_t length);
  std::string uuid();  // version 4, lower case, with dashes

 protected:
  virtual void fill(uint8_t* bytes, size_t count) = 0;
};

/// The kernel's random source: fit for secrets.
class RandomIds final : public Ids {
  void fill(uint8_t* bytes, size_t count) override;
};

/// Repeatable: for tests.
class SeededIds final : public Ids {
 public:
  explicit SeededIds(uint64_t seed) : engine_(seed) {}

 private:
  void fill(uint8_t* bytes, size_t count) override;
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace howdah::base
