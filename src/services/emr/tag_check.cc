#include "services/emr/tag_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/emr/errors.h"

namespace howdah::services::emr {
namespace {

constexpr size_t kMostTags = 50;

// Characters, not bytes.
size_t length_of(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

base::Result<Tags> check_tags(const aws::Views<aws::emr::Tag>& tags) {
  Tags out;
  for (const auto& tag : tags) {
    const std::string_view key = tag.key().value_or("");
    const std::string_view value = tag.value().value_or("");
    if (key.empty() || length_of(key) > 128) {
      return invalid_request(fmt::format(
          "Invalid tag key: '{}'. Tag keys must be between 1 and 128 characters in length.",
          tag.key().value_or("null")));
    }
    if (base::to_lower(key).starts_with("aws:")) {
      return invalid_request(
          fmt::format("Invalid tag key: '{}'. Tag keys must not begin with aws:.", key));
    }
    if (length_of(value) > 256) {
      return invalid_request(fmt::format(
          "Invalid tag value: '{}'. Tag values must be between 0 and 256 characters in length.",
          value));
    }
    out.emplace_back(key, value);
  }
  Tags once;
  TRY(merge_tags(once, out));
  return once;
}

base::Status merge_tags(Tags& tags, const Tags& added) {
  for (const auto& [key, value] : added) {
    const auto at = std::find_if(tags.begin(), tags.end(),
                                 [&key = key](const auto& tag) { return tag.first == key; });
    if (at == tags.end()) {
      tags.emplace_back(key, value);
    } else {
      at->second = value;
    }
  }
  if (tags.size() > kMostTags) {
    return invalid_request(
        fmt::format("A cluster has at most {} tags; these would be {}.", kMostTags, tags.size()));
  }
  return base::ok();
}

}  // namespace howdah::services::emr
