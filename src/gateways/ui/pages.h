#pragma once

// The few pages of the proxy itself. Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateways/ui/interfaces.h"
#include "http/message.h"

namespace howdah::gateways {

/// A page that says one thing; both texts are escaped.
http::Response ui_page(int status, std::string_view title, std::string_view text);
/// To a path of ours, without leaving traces.
http::Response ui_redirect(int status, const std::string& to);
http::Response ui_script();

/// What there is to say of an attempt of a job run, with links to its logs.
struct RunPage {
  std::string title, note, prefix;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> logs;  // "SPARK_DRIVER/stdout.gz"
  int refresh = 0;                // seconds; 0: never
};
http::Response run_page(int status, const RunPage& page);
/// 401 for the dashboard of a job run: how to come in.
http::Response run_denied();

/// 401: how to come in.
http::Response ui_denied(std::string_view cluster);
/// Links to all interfaces.
http::Response ui_list(const store::ClusterRow& row, const std::vector<Interface>& all);

}  // namespace howdah::gateways
