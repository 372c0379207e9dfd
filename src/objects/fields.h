#pragma once

// Lists of byte strings in one blob: an object's metadata as it lies in objects.db. Not JSON,
// because a metadata value may be any bytes. Layout: per field its length (4 bytes, little endian),
// its bytes. Pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace howdah::objects {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void put_field(std::string& blob, std::string_view field);
/// Takes the first field off `blob`; nullopt at the end or when it is cut short.
std::optional<std::string_view> take_field(std::string_view& blob);

void put_pairs(std::string& blob, const Pairs& pairs);
/// nullopt when the blob is cut short.
std::optional<Pairs> take_pairs(std::string_view& blob);

}  // namespace howdah::objects
