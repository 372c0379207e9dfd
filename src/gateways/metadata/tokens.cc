#include "gateways/metadata/tokens.h"

#include <fmt/format.h>

#include <charconv>

#include "base/digest.h"
#include "base/text.h"

namespace howdah::gateways {
namespace {

// Seconds, a dot, random characters, a dot, the signature; base64 as EC2's look.
std::string signature(std::string_view secret, std::string_view instance_id,
                      std::string_view claim) {
  return base::to_hex(base::hmac_sha256(secret, fmt::format("imds\n{}\n{}", instance_id, claim)));
}

std::optional<int64_t> number(std::string_view text) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

std::string make_metadata_token(std::string_view secret, std::string_view instance_id,
                                base::Time until, std::string_view random) {
  const std::string claim = fmt::format("{}.{}", base::to_millis(until) / 1000, random);
  return base::to_base64(fmt::format("{}.{}", claim, signature(secret, instance_id, claim)));
}

std::optional<base::Time> check_metadata_token(std::string_view secret,
                                               std::string_view instance_id, std::string_view token,
                                               base::Time now) {
  const auto text = base::from_base64(token);
  if (!text) return std::nullopt;
  const size_t dot = text->rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string_view claim = std::string_view(*text).substr(0, dot);
  if (!base::equals_in_constant_time(std::string_view(*text).substr(dot + 1),
                                     signature(secret, instance_id, claim)))
    return std::nullopt;
  const auto seconds = number(claim.substr(0, claim.find('.')));
  if (!seconds) return std::nullopt;
  const base::Time until = base::from_millis(*seconds * 1000);
  return until > now ? std::optional(until) : std::nullopt;
}

std::optional<int64_t> token_seconds(std::string_view header) {
  const auto out = number(base::trim(header));
  if (!out || *out < kShortestTokenSeconds || *out > kLongestTokenSeconds) return std::nullopt;
  return out;
}

}  // namespace howdah::gateways
