#include "base/text.h"
#include "server/app.h"

namespace howdah::server {
namespace {

// Without port and brackets.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_address(std::string_view host) {
  return !host.empty() &&
         (host.find_first_not_of("0123456789.") == std::string_view::npos ||
          (host.find(':') != std::string_view::npos &&
           host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos));
}

bool is_ours(std::string_view host, const std::vector<std::string>& hosts) {
  const std::string name = base::to_lower(host_name(host));
  // An address cannot be rebound: only names can.
  if (name == "localhost" || name.ends_with(".localhost") ||
      is_address(host.starts_with('[') ? host_name(host) : name)) {
    return true;
  }
  // AWS's own names, for clients that are sent here by their resolver or proxy.
  if (name.ends_with(".amazonaws.com") || name.ends_with(".ec2.internal") ||
      name.ends_with(".compute.internal"))
    return true;
  for (const std::string& ours : hosts) {
    if (name == base::to_lower(ours) || name.ends_with("." + base::to_lower(ours))) return true;
  }
  return false;
}

}  // namespace

bool is_cross_site(const http::Request& request, const std::vector<std::string>& hosts) {
  const auto host = request.headers.find("Host");
  if (!host || !is_ours(*host, hosts)) return true;
  const std::string_view site = request.headers.value_or("Sec-Fetch-Site", "none");
  if (site == "cross-site" || site == "same-site") return true;
  if (const auto origin = request.headers.find("Origin")) {
    const size_t at = origin->find("://");
    if (at == std::string_view::npos || !is_ours(origin->substr(at + 3), hosts)) return true;
  }
  return false;
}

}  // namespace howdah::server
