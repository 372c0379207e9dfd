#pragma once

// What lets a browser at the web interfaces of one cluster for an hour: a token that begins in a
// link and goes on as a cookie. Nothing of it is kept. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace howdah::gateways {

inline constexpr std::chrono::seconds kLinkLifetime{3600};
inline constexpr std::string_view kUiPath = "/_howdah/ui/";
inline constexpr std::string_view kUiCookie = "howdah-ui";
inline constexpr std::string_view kUiParameter = "howdah-token";

/// "1767229200.us-east-1.<signature>": safe in URLs and cookies.
std::string make_ui_token(std::string_view secret, std::string_view region,
                          std::string_view cluster, base::Time until);

struct UiGrant {
  std::string region;
  base::Time until{};
};
/// nullopt for a token that is over, of another cluster, or not ours.
std::optional<UiGrant> check_ui_token(std::string_view secret, std::string_view cluster,
                                      std::string_view token, base::Time now);

/// A path below kUiPath, taken apart; any part but the cluster may be missing.
struct UiPath {
  std::string cluster;  // letters, digits and dashes
  std::string node;
  uint16_t port = 0;   // 0: missing
  std::string rest;    // as it goes to the node; "" or begins with '/'
  std::string prefix;  // "/_howdah/ui/j-1/primary/8088"
};
/// nullopt for what is not of this form.
std::optional<UiPath> parse_ui_path(std::string_view path);

/// The value of a cookie of that name in a Cookie header; "" when there is none.
std::string_view cookie_value(std::string_view header, std::string_view name);
/// The Cookie header without that cookie; "" when nothing is left.
std::string without_cookie(std::string_view header, std::string_view name);
/// The query without that parameter, and its value in `value`.
std::string without_parameter(std::string_view query, std::string_view name, std::string* value);

}  // namespace howdah::gateways
