#include "objects/names.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "objects/errors.h"

namespace howdah::objects {
namespace {

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool looks_like_ipv4(std::string_view text) {
  const auto parts = base::split(text, '.');
  if (parts.size() != 4) return false;
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && part.size() <= 3 &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  });
}

bool keeps_the_rules(std::string_view name) {
  constexpr std::array kPrefixes = {"xn--", "sthree-", "amzn-s3-demo-"};
  constexpr std::array kSuffixes = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"};
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_lower_alnum(name.front()) || !is_lower_alnum(name.back())) return false;
  for (char c : name) {
    if (!is_lower_alnum(c) && c != '.' && c != '-') return false;
  }
  if (name.find("..") != std::string_view::npos || looks_like_ipv4(name)) return false;
  for (std::string_view prefix : kPrefixes) {
    if (name.starts_with(prefix)) return false;
  }
  return std::none_of(kSuffixes.begin(), kSuffixes.end(),
                      [&](std::string_view suffix) { return name.ends_with(suffix); });
}

// The length of the UTF-8 sequence at the beginning of `text` (RFC 3629, section 4); 0: none.
size_t sequence_length(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first < 0xC2   ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

base::Status check_bucket_name(std::string_view bucket) {
  if (keeps_the_rules(bucket)) return base::ok();
  return s3_error(base::Code::kInvalidArgument, "InvalidBucketName",
                  "The specified bucket is not valid.", {{"BucketName", std::string(bucket)}});
}

base::Status check_key(std::string_view key) {
  if (key.size() > 1024) {
    return s3_error(base::Code::kInvalidArgument, "KeyTooLongError", "Your key is too long",
                    {{"Size", std::to_string(key.size())}, {"MaxSizeAllowed", "1024"}});
  }
  if (key.empty()) return invalid_argument("A key must have at least one character", "key", key);
  if (!is_utf8(key))
    return invalid_argument("A key must be UTF-8", "key", base::percent_encode(key));
  return base::ok();
}

bool is_public_bucket(std::string_view bucket) {
  if (bucket == kPublicBucket) return true;
  if (!bucket.ends_with(kPublicBucket)) return false;
  bucket.remove_suffix(kPublicBucket.size());
  if (bucket.size() < 2 || bucket.back() != '.') return false;
  bucket.remove_suffix(1);
  return std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return is_lower_alnum(c) || c == '-'; });
}

std::string_view stored_name(std::string_view bucket) {
  return is_public_bucket(bucket) ? kPublicBucket : bucket;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string after_prefix(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && next.back() == '\xff') next.pop_back();
  if (!next.empty()) ++next.back();
  return next;
}

}  // namespace howdah::objects
