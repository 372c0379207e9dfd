#pragma once

// Text and its encodings: splitting, percent-encoding (RFC 3986), hexadecimal, base64 (RFC 4648),
// and times as ISO 8601 and RFC 822. Pure functions.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace howdah::base {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string list_of(const std::vector<std::string>& names);       // "a", "a and b", "a, b and c"
std::string_view trim(std::string_view text);                     // white space at both ends
std::string to_lower(std::string_view text);                      // ASCII
bool equals_ignore_case(std::string_view a, std::string_view b);  // ASCII

/// Every byte but A-Z a-z 0-9 - . _ ~ and those in `keep` becomes %XX.
std::string percent_encode(std::string_view text, std::string_view keep = {});
/// nullopt for a '%' that two hexadecimal digits do not follow. '+' becomes ' ' only if asked.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

std::string to_hex(std::string_view bytes);  // lower case
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // padded, no white space

std::string to_iso8601(Time time);                         // 2026-01-31T23:59:59.123Z
std::string to_rfc822(Time time);                          // Sat, 31 Jan 2026 23:59:59 GMT
std::optional<Time> parse_iso8601(std::string_view text);  // date, T, time, fraction, Z or offset
std::optional<Time> parse_rfc822(std::string_view text);

/// Equal contents, in a time that depends on the lengths alone: for signatures and tokens.
bool equals_in_constant_time(std::string_view a, std::string_view b);

}  // namespace howdah::base
