// Feeds bytes to every small language of S3's headers: they answer or refuse, and what they answer
// keeps its promises. For libFuzzer; range_test.cc runs it over mutated seeds.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "services/s3/range.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace howdah::services::s3;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const uint64_t length = data[0];
  if (const auto span = parse_range(text, length); span.ok() && *span) {
    CHECK((*span)->length > 0 && (*span)->offset + (*span)->length <= length);
  }
  if (const auto range = parse_copy_range(text); range.ok()) CHECK(range->first <= range->second);
  if (const auto source = parse_copy_source(text); source.ok()) {
    CHECK(!source->bucket.empty() && !source->key.empty());
  }
  if (const auto tags = parse_tagging(text); tags.ok()) CHECK(tags->size() <= 10);
  if (const auto next = decode_token(text); next.ok())
    CHECK(*decode_token(encode_token(*next)) == *next);
  return 0;
}
