// PutLogEvents. Limits: CloudWatch Logs API reference, PutLogEvents.

#include <fmt/format.h>

#include "services/logs/logs.h"
#include "services/logs/names.h"

namespace howdah::services::logs {

using base::Result;
using base::Status;

namespace {

constexpr size_t kMostBytes = 1048576;
constexpr size_t kOverhead = 26;  // of each event
constexpr std::chrono::hours kLongest{24}, kFuture{2}, kPast{14 * 24};

Status check(const aws::Views<wire::InputLogEvent>& events) {
  size_t bytes = 0;
  int64_t before = 0;
  for (const auto event : events) {
    bytes += event.message().size() + kOverhead;
    if (event.timestamp() < before) {
      return invalid_parameter(
          "Log events in a single PutLogEvents request must be in chronological order.");
    }
    before = event.timestamp();
  }
  if (bytes > kMostBytes) {
    return invalid_parameter(
        fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, kMostBytes));
  }
  const int64_t span = before - events[0].timestamp();
  if (span > base::Millis(kLongest).count()) {
    return invalid_parameter(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return base::ok();
}

struct Taken {
  std::vector<telemetry::LogEvent> events;
  std::optional<wire::RejectedLogEventsInfo> rejected;
};

// Events are in order: those that are too old come first, those that are too new last.
Taken take(const aws::Views<wire::InputLogEvent>& events, base::Time now,
           std::optional<int64_t> retention_days) {
  Taken out;
  size_t too_old = 0, expired = 0, too_new = events.size();
  for (size_t i = 0; i < events.size(); ++i) {
    const base::Time at = base::from_millis(events[i].timestamp());
    if (retention_days && at < now - std::chrono::hours(24 * *retention_days)) {
      expired = i + 1;
    } else if (at < now - kPast) {
      too_old = i + 1;
    } else if (at > now + kFuture) {
      too_new = std::min(too_new, i);
    } else {
      out.events.push_back({at, std::string(events[i].message())});
    }
  }
  if (out.events.size() == events.size()) return out;
  out.rejected.emplace();
  if (too_old > 0) out.rejected->set_too_old_log_event_end_index(static_cast<int64_t>(too_old));
  if (expired > 0) out.rejected->set_expired_log_event_end_index(static_cast<int64_t>(expired));
  if (too_new < events.size())
    out.rejected->set_too_new_log_event_start_index(static_cast<int64_t>(too_new));
  return out;
}

}  // namespace

Result<wire::PutLogEventsOutput> Logs::put_log_events(const aws::Context& context,
                                                      const wire::PutLogEventsInput& input) {
  TRY(check(input.log_events()));
  const std::string group(input.log_group_name());
  const auto about = TRY(store_.log_group(scope_of(context), group));
  const base::Time now = clock_.now();
  Taken taken = take(input.log_events(), now, about.retention_days);
  TRY(store_.put_log_events(scope_of(context), group, std::string(input.log_stream_name()),
                            taken.events));
  wire::PutLogEventsOutput out;
  // Nobody needs it any more (AWS, January 2023): any that a caller sends is accepted.
  out.set_next_sequence_token(fmt::format("{:056}", base::to_millis(now)));
  if (taken.rejected) out.set_rejected_log_events_info(std::move(*taken.rejected));
  return out;
}

}  // namespace howdah::services::logs
