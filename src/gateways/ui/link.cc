#include "gateways/ui/link.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/text.h"

namespace howdah::gateways {
namespace {

std::string signature(std::string_view secret, std::string_view region, std::string_view cluster,
                      std::string_view seconds) {
  return base::to_hex(
      base::hmac_sha256(secret, fmt::format("ui\n{}\n{}\n{}", region, cluster, seconds)));
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bool is_name(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string make_ui_token(std::string_view secret, std::string_view region,
                          std::string_view cluster, base::Time until) {
  const std::string seconds = std::to_string(base::to_millis(until) / 1000);
  return fmt::format("{}.{}.{}", seconds, region, signature(secret, region, cluster, seconds));
}

std::optional<UiGrant> check_ui_token(std::string_view secret, std::string_view cluster,
                                      std::string_view token, base::Time now) {
  const std::vector<std::string_view> parts = base::split(token, '.');
  if (parts.size() != 3) return std::nullopt;
  if (!base::equals_in_constant_time(parts[2], signature(secret, parts[1], cluster, parts[0])))
    return std::nullopt;
  const auto seconds = number<int64_t>(parts[0]);
  if (!seconds) return std::nullopt;
  const base::Time until = base::from_millis(*seconds * 1000);
  if (until <= now) return std::nullopt;
  return UiGrant{std::string(parts[1]), until};
}

std::optional<UiPath> parse_ui_path(std::string_view path) {
  if (!path.starts_with(kUiPath)) return std::nullopt;
  std::string_view left = path.substr(kUiPath.size());
  const auto next = [&left] {
    const size_t slash = left.find('/');
    const std::string_view part = left.substr(0, slash);
    left.remove_prefix(slash == std::string_view::npos ? left.size() : slash + 1);
    return part;
  };
  UiPath out;
  out.cluster = next();
  if (!is_name(out.cluster, "-")) return std::nullopt;
  out.node = next();
  if (!out.node.empty() && !is_name(out.node, "-.")) return std::nullopt;
  const size_t slash = left.find('/');
  const std::string_view port = left.substr(0, slash);
  if (port.empty()) return left.empty() ? std::optional(out) : std::nullopt;
  const auto parsed = number<uint16_t>(port);
  if (!parsed || *parsed == 0 || port.front() == '0') return std::nullopt;
  out.port = *parsed;
  if (slash != std::string_view::npos) out.rest = left.substr(slash);
  out.prefix = path.substr(0, path.size() - out.rest.size());
  return out;
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
  for (std::string_view pair : base::split(header, ';')) {
    pair = base::trim(pair);
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      return pair.substr(equals + 1);
  }
  return {};
}

std::string without_cookie(std::string_view header, std::string_view name) {
  std::string out;
  for (std::string_view pair : base::split(header, ';')) {
    pair = base::trim(pair);
    if (pair.empty() || pair.substr(0, pair.find('=')) == name) continue;
    out += out.empty() ? "" : "; ";
    out += pair;
  }
  return out;
}

std::string without_parameter(std::string_view query, std::string_view name, std::string* value) {
  std::string out;
  for (const std::string_view part : base::split(query, '&')) {
    const size_t equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name) {
      *value = part.substr(equals + 1);
      continue;
    }
    if (!part.empty()) out += (out.empty() ? "" : "&") + std::string(part);
  }
  return out;
}

}  // namespace howdah::gateways
