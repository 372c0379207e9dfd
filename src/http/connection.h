#pragma once

// One accepted connection from its first byte to its last: requests in, answers out, in order.
// Ownership: owns the socket. Threads: serve() and the hooks run on the connection's own.

#include <functional>
#include <string>

#include "base/fd.h"
#include "http/message.h"
#include "http/server.h"

namespace howdah::http {

struct ConnectionHooks {
  std::function<bool()> begin;  // a request has come: false when the server stops
  std::function<bool()> rest;   // it is answered: false when the server stops
  std::function<bool()> stopping;
  std::function<void()> closing;  // the socket's number is about to become someone else's
};

struct Accepted {
  base::Fd socket;
  std::string peer;
  uint64_t id = 0;
};

void serve(Accepted accepted, const ServerOptions& options, const Handler& handler,
           const ConnectionHooks& hooks);

}  // namespace howdah::http
