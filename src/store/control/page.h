#pragma once

// One page of rows, newest first, and the marker of the next one. Values; pure.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace howdah::store {

template <typename Row>
struct Page {
  std::vector<Row> rows;
  std::string next;  // marker of the next page; empty on the last
};

/// Opaque, of a-f0-9, and never a valid one by accident: what the next page comes after, a time or
/// a sequence number (not negative) and an id.
std::string marker_of(int64_t position, const std::string& id);
/// kInvalidArgument for what marker_of did not write.
base::Result<std::pair<int64_t, std::string>> position_of(const std::string& marker);

}  // namespace howdah::store
