#pragma once

// One HTTP request to a daemon inside a node, and its whole answer: what probes and questions to
// Hadoop need. Threads: concurrent calls allowed; blocks at most `within`, whatever the peer does.

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/exchange.h"
#include "nodes/provider.h"

namespace howdah::control {

struct InsideAnswer {
  int status = 0;
  std::string body;
};

/// kUnavailable: nobody listens, or it does not speak HTTP; kDeadlineExceeded; kResourceExhausted:
/// an answer of more than `limit` bytes.
base::Result<InsideAnswer> ask_inside(nodes::Provider& nodes, const base::Clock& clock,
                                      const std::string& node_id, uint16_t port,
                                      http::ExchangeRequest request, base::Millis within,
                                      size_t limit = 8u << 20);

}  // namespace howdah::control
