#include "services/s3/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "objects/errors.h"
#include "objects/names.h"

namespace howdah::services::s3 {
namespace {

using objects::invalid_argument;
using objects::s3_error;

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ptr != end) return std::nullopt;
  if (parsed.ec == std::errc::result_out_of_range) return UINT64_MAX;
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

base::Error unsatisfiable(std::string_view range, uint64_t size) {
  return s3_error(
      base::Code::kInvalidArgument, "InvalidRange", "The requested range is not satisfiable",
      {{"RangeRequested", std::string(range)}, {"ActualObjectSize", std::to_string(size)}});
}

// "bytes=<first>-<last>", either of which may be empty.
std::optional<std::pair<std::string_view, std::string_view>> ends_of(std::string_view range) {
  constexpr std::string_view kUnit = "bytes=";
  if (!range.starts_with(kUnit)) return std::nullopt;
  range.remove_prefix(kUnit.size());
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  return std::pair(base::trim(range.substr(0, dash)), base::trim(range.substr(dash + 1)));
}

base::Error bad_copy_source(std::string_view source) {
  return invalid_argument(
      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
      "x-amz-copy-source", source);
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

base::Error invalid_tag(std::string_view message, std::string_view key) {
  return s3_error(base::Code::kInvalidArgument, "InvalidTag", message,
                  {{"TagKey", std::string(key)}});
}

}  // namespace

base::Result<std::optional<Span>> parse_range(std::string_view range, uint64_t size) {
  const auto ends = ends_of(range);
  if (!ends) return std::optional<Span>();
  const auto& [first_text, last_text] = *ends;
  if (first_text.empty()) {  // the last n bytes
    const auto count = number(last_text);
    if (!count) return std::optional<Span>();
    if (*count == 0 || size == 0) return unsatisfiable(range, size);
    const uint64_t length = std::min(*count, size);
    return std::optional(Span{size - length, length});
  }
  const auto first = number(first_text);
  const auto last = last_text.empty() ? std::optional(UINT64_MAX) : number(last_text);
  if (!first || !last || *last < *first) return std::optional<Span>();
  if (*first >= size) return unsatisfiable(range, size);
  return std::optional(Span{*first, std::min(*last, size - 1) - *first + 1});
}

base::Result<std::pair<uint64_t, uint64_t>> parse_copy_range(std::string_view range) {
  const auto ends = ends_of(range);
  const auto first = ends ? number(ends->first) : std::nullopt;
  const auto last = ends ? number(ends->second) : std::nullopt;
  if (first && last && *first <= *last && *last < UINT64_MAX) return std::pair(*first, *last);
  return invalid_argument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last "
      "where first and last are the zero-based offsets of the first and last "
      "bytes to copy",
      "x-amz-copy-source-range", range);
}

base::Result<ObjectName> parse_copy_source(std::string_view source) {
  std::string_view path = source;
  if (const size_t query = path.find('?'); query != std::string_view::npos) {
    const std::string_view version = path.substr(query + 1);
    if (version.starts_with("versionId=") && version != "versionId=null") {
      return s3_error(base::Code::kNotFound, "NoSuchVersion",
                      "The specified version does not exist.");
    }
    path = path.substr(0, query);
  }
  const auto decoded = base::percent_decode(path);
  if (!decoded) return bad_copy_source(source);
  std::string_view name = *decoded;
  if (name.starts_with('/')) name.remove_prefix(1);
  const size_t slash = name.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == name.size()) {
    return bad_copy_source(source);
  }
  return ObjectName{std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

base::Result<objects::Pairs> parse_tagging(std::string_view tagging) {
  objects::Pairs tags;
  for (std::string_view field : base::split(tagging, '&')) {
    if (field.empty()) continue;
    const size_t equals = field.find('=');
    const auto key = base::percent_decode(field.substr(0, equals), true);
    const auto value = equals == std::string_view::npos
                           ? std::optional<std::string>("")
                           : base::percent_decode(field.substr(equals + 1), true);
    if (!key || !value || !objects::is_utf8(*key) || !objects::is_utf8(*value)) {
      return invalid_argument(
          "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL "
          "query parameters without tag name duplicates.",
          "x-amz-tagging", tagging);
    }
    tags.emplace_back(*key, *value);
  }
  TRY(check_tags(tags));
  return tags;
}

base::Status check_tags(const objects::Pairs& tags) {
  if (tags.size() > 10) {
    return s3_error(base::Code::kInvalidArgument, "BadRequest",
                    "Object tags cannot be greater than 10");
  }
  for (size_t i = 0; i < tags.size(); ++i) {
    const auto& [key, value] = tags[i];
    if (key.empty() || characters(key) > 128) {
      return invalid_tag("The TagKey you have provided is invalid", key);
    }
    if (characters(value) > 256)
      return invalid_tag("The TagValue you have provided is invalid", key);
    for (size_t j = 0; j < i; ++j) {
      if (tags[j].first == key)
        return invalid_tag("Cannot provide multiple Tags with the same key", key);
    }
  }
  return base::ok();
}

std::string encode_token(std::string_view next) { return "1" + base::to_base64(next); }

base::Result<std::string> decode_token(std::string_view token) {
  auto next = token.starts_with('1') ? base::from_base64(token.substr(1)) : std::nullopt;
  if (next && !next->empty()) return std::move(*next);
  return invalid_argument("The continuation token provided is incorrect", "continuation-token",
                          token);
}

}  // namespace howdah::services::s3
