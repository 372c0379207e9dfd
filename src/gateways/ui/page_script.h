#pragma once

// The script that is put in front of each proxied page: maps the URLs that the page's own scripts
// make while they run (requests, windows, links, forms). Constant text.

#include <string_view>

namespace howdah::gateways {

extern const std::string_view kPageScript;
inline constexpr std::string_view kPageScriptName = "howdah.js";

}  // namespace howdah::gateways
