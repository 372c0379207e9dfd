// GetLogEvents and FilterLogEvents. A token is a place between events and a direction: "f/…" goes
// on towards newer events, "b/…" towards older ones; at the end the same token comes back.

#include <fmt/format.h>

#include <algorithm>

#include "services/logs/filter_pattern.h"
#include "services/logs/logs.h"
#include "services/logs/names.h"

namespace howdah::services::logs {

using base::Result;
using base::Status;
using telemetry::Position;

namespace {

constexpr int64_t kMostEvents = 10000;
constexpr std::string_view kForward = "f/", kBackward = "b/";

// Where the token says to go on.
Status follow(std::optional<std::string_view> token, telemetry::LogQuery& query) {
  if (!token) return base::ok();
  const auto position = token->size() < 2 ? std::nullopt : position_in(token->substr(2));
  const bool forward = token->starts_with(kForward);
  if (!position || (!forward && !token->starts_with(kBackward)))
    return invalid_parameter("The specified nextToken is invalid.");
  query.newest_first = !forward;
  (forward ? query.after : query.before) = *position;
  return base::ok();
}

std::optional<base::Time> time_of(std::optional<int64_t> millis, int64_t more = 0) {
  if (!millis) return std::nullopt;
  return base::from_millis(*millis + more);
}

std::vector<wire::FilteredLogEvent> to_wire(const std::vector<telemetry::StoredEvent>& events) {
  std::vector<wire::FilteredLogEvent> out;
  for (const auto& event : events) {
    out.emplace_back()
        .set_log_stream_name(event.stream)
        .set_timestamp(event.position.at)
        .set_message(event.message)
        .set_ingestion_time(base::to_millis(event.ingested))
        .set_event_id(digits_of(event.position));
  }
  return out;
}

}  // namespace

Result<wire::GetLogEventsOutput> Logs::get_log_events(const aws::Context& context,
                                                      const wire::GetLogEventsInput& input) {
  telemetry::LogQuery query;
  query.group = TRY(group_of(input.log_group_name(), input.log_group_identifier()));
  query.streams = {std::string(input.log_stream_name())};
  query.from = time_of(input.start_time());
  query.to = time_of(input.end_time());
  query.limit = static_cast<size_t>(input.limit().value_or(kMostEvents));
  query.newest_first = !input.start_from_head().value_or(false);
  TRY(follow(input.next_token(), query));
  auto page = TRY(store_.log_events(scope_of(context), query));
  if (query.newest_first) std::reverse(page.events.begin(), page.events.end());

  Position first{input.start_time().value_or(0), 0};
  if (query.after) first = *query.after;
  if (query.before) first = *query.before;
  Position last = first;
  if (!page.events.empty()) {
    first = page.events.front().position;
    last = page.events.back().position;
  }
  std::vector<wire::OutputLogEvent> events;
  for (const auto& event : page.events) {
    events.emplace_back()
        .set_timestamp(event.position.at)
        .set_message(event.message)
        .set_ingestion_time(base::to_millis(event.ingested));
  }
  wire::GetLogEventsOutput out;
  out.set_events(std::move(events));
  out.set_next_forward_token(fmt::format("{}{}", kForward, digits_of(last)));
  out.set_next_backward_token(fmt::format("{}{}", kBackward, digits_of(first)));
  return out;
}

Result<wire::FilterLogEventsOutput> Logs::filter_log_events(
    const aws::Context& context, const wire::FilterLogEventsInput& input) {
  telemetry::LogQuery query;
  query.group = TRY(group_of(input.log_group_name(), input.log_group_identifier()));
  query.streams = input.log_stream_names();
  query.stream_prefix = input.log_stream_name_prefix().value_or("");
  if (!query.streams.empty() && !query.stream_prefix.empty()) {
    return invalid_parameter(
        "logStreamNames and logStreamNamePrefix are mutually exclusive parameters");
  }
  query.from = time_of(input.start_time());
  query.to = time_of(input.end_time(), 1);  // here the end belongs to it
  query.limit = static_cast<size_t>(input.limit().value_or(kMostEvents));
  query.newest_first = !input.start_from_head().value_or(true);
  const FilterPattern pattern = TRY(FilterPattern::parse(input.filter_pattern().value_or("")));
  query.accept = [&](std::string_view message) { return pattern.matches(message); };
  TRY(follow(input.next_token(), query));
  const auto page = TRY(store_.log_events(scope_of(context), query));
  wire::FilterLogEventsOutput out;
  out.set_events(to_wire(page.events));
  out.set_searched_log_streams(std::vector<wire::SearchedLogStream>());  // AWS: always empty
  if (!page.complete && page.last) {
    out.set_next_token(
        fmt::format("{}{}", query.newest_first ? kBackward : kForward, digits_of(*page.last)));
  }
  return out;
}

}  // namespace howdah::services::logs
