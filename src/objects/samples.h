#pragma once

// The files of the public read-only bucket, compiled into the program (made by embed_samples.cmake
// from samples/). Immutable.

#include <span>
#include <string_view>

namespace howdah::objects {

struct Sample {
  std::string_view key;
  std::string_view bytes;
};

std::span<const Sample> samples();

}  // namespace howdah::objects
