#pragma once

// The few pages of the proxy itself. Pure.

#include <string_view>
#include <vector>

#include "gateways/ui/interfaces.h"
#include "http/message.h"

namespace howdah::gateways {

/// A page that says one thing; both texts are escaped.
http::Response ui_page(int status, std::string_view title, std::string_view text);
/// 401: how to come in.
http::Response ui_denied(std::string_view cluster);
/// Links to all interfaces.
http::Response ui_list(const store::ClusterRow& row, const std::vector<Interface>& all);

}  // namespace howdah::gateways
