#include "control/jobs/ask_inside.h"

#include <fmt/format.h>

#include <algorithm>

namespace howdah::control {

base::Result<InsideAnswer> ask_inside(nodes::Provider& nodes, const base::Clock& clock,
                                      const std::string& node_id, uint16_t port,
                                      http::ExchangeRequest request, base::Millis within,
                                      size_t limit) {
  const base::Millis until = clock.steady() + within;
  // A peer that sends a byte now and then is given up on all the same.
  const auto left = [&] { return until - clock.steady(); };
  base::Fd socket = TRY(nodes.connect_inside(node_id, port, within));
  request.headers.set("Host", fmt::format("localhost:{}", port));
  request.whole = std::max(base::Millis(1), left());
  auto answer = TRY(http::exchange(std::move(socket), request, within));
  InsideAnswer out;
  out.status = answer.status;
  char piece[16 * 1024];
  for (;;) {
    const size_t got = TRY(answer.body->read(piece));
    if (got == 0) return out;
    if (out.body.size() + got > limit) {
      return base::Error{
          base::Code::kResourceExhausted,
          fmt::format("port {} of {} answers with more than {} bytes", port, node_id, limit),
          {},
          {}};
    }
    out.body.append(piece, got);
    if (left() <= base::Millis(0)) {
      return base::Error{base::Code::kDeadlineExceeded,
                         fmt::format("port {} of {} did not answer in time", port, node_id),
                         {},
                         {}};
    }
  }
}

}  // namespace howdah::control
