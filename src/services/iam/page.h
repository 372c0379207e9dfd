#pragma once

// IAM's pages: Marker and MaxItems in, IsTruncated and Marker out. A marker is the key of the last
// item that was given, in base64: what is made or removed between two pages shifts nothing.

#include <algorithm>
#include <string>
#include <vector>

#include "aws/view.h"
#include "base/json.h"
#include "base/text.h"

namespace howdah::services::iam {

inline constexpr int64_t kDefaultPage = 100;

template <typename Record>
struct Page {
  std::vector<Record> items;
  bool truncated = false;
  std::string marker;

  template <typename Output>
  void close(Output& output) const {
    output.set_is_truncated(truncated);
    if (truncated) output.set_marker(marker);
  }
  /// Every item through `convert`, for the output's list.
  template <typename Convert>
  auto map(Convert convert) const {
    std::vector<decltype(convert(items.front()))> out;
    out.reserve(items.size());
    for (const Record& item : items) out.push_back(convert(item));
    return out;
  }
};

/// Orders `all` by `key(record)` without regard to case and gives the page that the input asks for.
template <typename Record, typename Key>
base::Result<Page<Record>> page(std::vector<Record> all, const aws::View& input, Key key) {
  std::vector<std::pair<std::string, size_t>> order;
  for (size_t i = 0; i < all.size(); ++i) order.emplace_back(base::to_lower(key(all[i])), i);
  std::sort(order.begin(), order.end());
  auto from = order.begin();
  if (const std::string_view marker = base::text_at(input.raw(), "Marker"); !marker.empty()) {
    const auto last = base::from_base64(marker);
    if (!last) {
      return base::Error{base::Code::kInvalidArgument,
                         "Invalid Marker. Use the Marker of the previous answer as it came.",
                         "ValidationError",
                         {}};
    }
    from = std::upper_bound(order.begin(), order.end(), *last,
                            [](const std::string& a, const auto& b) { return a < b.first; });
  }
  const int64_t limit = base::int_at(input.raw(), "MaxItems", kDefaultPage);
  Page<Record> out;
  for (; from != order.end(); ++from) {
    if (static_cast<int64_t>(out.items.size()) == limit) {
      out.truncated = true;
      out.marker = base::to_base64(std::prev(from)->first);
      break;
    }
    out.items.push_back(std::move(all[from->second]));
  }
  return out;
}

}  // namespace howdah::services::iam
