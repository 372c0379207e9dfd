#pragma once

// A browser's request passed on to a web interface inside a node, and its answer back, links and
// cookies rewritten; the browser's cookies for us, signatures and forwarding headers stay here.
// Ownership: takes the socket. Threads: blocks while the interface answers. Failure: 502, as a
// page.

#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "gateways/ui/rewrite.h"
#include "http/message.h"

namespace howdah::gateways {

struct Passing {
  std::string host;  // and port, as the interface is called inside: "ip-10-64-0-10…:8088"
  std::string rest;  // of the path, as it goes there; begins with '/'
  Rewriting links;
};
http::Response pass_on(http::Request& request, base::Fd socket, const Passing& to);

/// The token of a link goes from the address bar into a cookie.
struct LetIn {
  std::string path;  // of the cookie
  std::string token;
  base::Millis lasts{0};
};
/// `query`: without the token.
http::Response let_in(const http::Request& request, const std::string& query, const LetIn& in);

}  // namespace howdah::gateways
