// Log streams.

#include "services/logs/logs.h"
#include "services/logs/names.h"

namespace howdah::services::logs {

using base::Result;

namespace {

constexpr int64_t kDefaultPage = 50;

wire::LogStream to_wire(const aws::Context& context, const std::string& group,
                        const telemetry::LogStream& stream) {
  wire::LogStream out;
  out.set_log_stream_name(stream.name).set_creation_time(base::to_millis(stream.created));
  if (stream.first_event) out.set_first_event_timestamp(base::to_millis(*stream.first_event));
  if (stream.last_event) out.set_last_event_timestamp(base::to_millis(*stream.last_event));
  if (stream.last_ingestion) out.set_last_ingestion_time(base::to_millis(*stream.last_ingestion));
  out.set_arn(stream_arn(context, group, stream.name));
  out.set_stored_bytes(0);  // as AWS reports it of streams, since 2019
  return out;
}

}  // namespace

Result<wire::CreateLogStreamOutput> Logs::create_log_stream(
    const aws::Context& context, const wire::CreateLogStreamInput& input) {
  TRY(store_.create_log_stream(scope_of(context), std::string(input.log_group_name()),
                               std::string(input.log_stream_name())));
  return wire::CreateLogStreamOutput();
}

Result<wire::DeleteLogStreamOutput> Logs::delete_log_stream(
    const aws::Context& context, const wire::DeleteLogStreamInput& input) {
  TRY(store_.delete_log_stream(scope_of(context), std::string(input.log_group_name()),
                               std::string(input.log_stream_name())));
  return wire::DeleteLogStreamOutput();
}

Result<wire::DescribeLogStreamsOutput> Logs::describe_log_streams(
    const aws::Context& context, const wire::DescribeLogStreamsInput& input) {
  const std::string group = TRY(group_of(input.log_group_name(), input.log_group_identifier()));
  telemetry::LogStreamFilter filter;
  filter.prefix = input.log_stream_name_prefix().value_or("");
  filter.by_last_event = input.order_by().value_or("") == "LastEventTime";
  filter.descending = input.descending().value_or(false);
  if (filter.by_last_event && !filter.prefix.empty())
    return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  const auto page =
      TRY(store_.log_streams(scope_of(context), group, filter, TRY(marker_in(input.next_token())),
                             static_cast<size_t>(input.limit().value_or(kDefaultPage))));
  std::vector<wire::LogStream> streams;
  for (const auto& stream : page.streams) streams.push_back(to_wire(context, group, stream));
  wire::DescribeLogStreamsOutput out;
  out.set_log_streams(std::move(streams));
  if (!page.next.empty()) out.set_next_token(token_of(page.next));
  return out;
}

}  // namespace howdah::services::logs
