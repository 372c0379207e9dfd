#include <charconv>

#include "cli/commands.h"

namespace howdah::cli {

base::Status parse_listen(std::string_view listen, ServeOptions& options) {
  auto refused = [&](std::string_view why) {
    return base::invalid_argument("--listen " + std::string(listen) + ": " + std::string(why) +
                                  "; for example 127.0.0.1:4566, or 127.0.0.1:0 for any free port");
  };
  std::string_view host;
  std::string_view port = listen;
  if (size_t colon = listen.rfind(':'); colon != std::string_view::npos) {
    host = listen.substr(0, colon);
    port = listen.substr(colon + 1);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  unsigned number = 0;
  auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number > 65535) {
    return refused("'" + std::string(port) + "' is not a port from 0 to 65535");
  }
  options.port = static_cast<uint16_t>(number);
  if (host == "localhost" || host.empty()) {
    options.host = "127.0.0.1";
  } else if (host == "*") {
    options.host = "0.0.0.0";
  } else if (host.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos) {
    return refused("'" + std::string(host) + "' is not an IP address");
  } else {
    options.host = host;
  }
  return base::ok();
}

}  // namespace howdah::cli
