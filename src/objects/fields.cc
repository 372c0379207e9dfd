#include "objects/fields.h"

#include <charconv>
#include <cstdint>

namespace howdah::objects {

void put_field(std::string& blob, std::string_view field) {
  const auto size = static_cast<uint32_t>(field.size());
  for (int shift = 0; shift < 32; shift += 8) blob += static_cast<char>(size >> shift & 0xff);
  blob += field;
}

std::optional<std::string_view> take_field(std::string_view& blob) {
  if (blob.size() < 4) return std::nullopt;
  uint32_t size = 0;
  for (size_t i = 4; i-- > 0;) size = size << 8 | static_cast<unsigned char>(blob[i]);
  if (blob.size() - 4 < size) return std::nullopt;
  const std::string_view field = blob.substr(4, size);
  blob.remove_prefix(4 + size_t{size});
  return field;
}

void put_pairs(std::string& blob, const Pairs& pairs) {
  put_field(blob, std::to_string(pairs.size()));
  for (const auto& [name, value] : pairs) {
    put_field(blob, name);
    put_field(blob, value);
  }
}

std::optional<Pairs> take_pairs(std::string_view& blob) {
  const auto count = take_field(blob);
  if (!count) return std::nullopt;
  size_t left = 0;
  std::from_chars(count->data(), count->data() + count->size(), left);
  Pairs pairs;
  for (; left > 0; --left) {
    const auto name = take_field(blob);
    const auto value = name ? take_field(blob) : std::nullopt;
    if (!value) return std::nullopt;
    pairs.emplace_back(*name, *value);
  }
  return pairs;
}

}  // namespace howdah::objects
