// Feeds bytes to the filter patterns: they parse or are refused, and what was parsed says of any
// message whether it matches. For libFuzzer; filter_pattern_test.cc runs it over mutated seeds.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "services/logs/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\n');
  const auto pattern = howdah::services::logs::FilterPattern::parse(text.substr(0, cut));
  if (!pattern.ok()) return 0;
  const bool once = pattern->matches(cut == text.npos ? "" : text.substr(cut + 1));
  CHECK(once == pattern->matches(cut == text.npos ? "" : text.substr(cut + 1)));
  return 0;
}
