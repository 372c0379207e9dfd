#pragma once

// CloudWatch Logs: groups, streams, events, retention and tags; subscriptions, insights queries and
// the rest answer as unknown operations do. Ownership: borrows the telemetry store and the clock.
// Threads: concurrent calls allowed. Failure: ResourceNotFoundException,
// ResourceAlreadyExistsException, InvalidParameterException with AWS's words where they are known.

#include "aws/logs/api.h"
#include "base/clock.h"
#include "telemetry/telemetry.h"

namespace howdah::services::logs {

namespace wire = aws::logs;

class Logs final : public wire::Api {
 public:
  Logs(telemetry::Telemetry& store, const base::Clock& clock) : store_(store), clock_(clock) {}

  // groups.cc
  base::Result<wire::CreateLogGroupOutput> create_log_group(
      const aws::Context&, const wire::CreateLogGroupInput&) override;
  base::Result<wire::DeleteLogGroupOutput> delete_log_group(
      const aws::Context&, const wire::DeleteLogGroupInput&) override;
  base::Result<wire::DescribeLogGroupsOutput> describe_log_groups(
      const aws::Context&, const wire::DescribeLogGroupsInput&) override;
  base::Result<wire::PutRetentionPolicyOutput> put_retention_policy(
      const aws::Context&, const wire::PutRetentionPolicyInput&) override;
  base::Result<wire::DeleteRetentionPolicyOutput> delete_retention_policy(
      const aws::Context&, const wire::DeleteRetentionPolicyInput&) override;

  // streams.cc
  base::Result<wire::CreateLogStreamOutput> create_log_stream(
      const aws::Context&, const wire::CreateLogStreamInput&) override;
  base::Result<wire::DeleteLogStreamOutput> delete_log_stream(
      const aws::Context&, const wire::DeleteLogStreamInput&) override;
  base::Result<wire::DescribeLogStreamsOutput> describe_log_streams(
      const aws::Context&, const wire::DescribeLogStreamsInput&) override;

  // put_events.cc, read_events.cc
  base::Result<wire::PutLogEventsOutput> put_log_events(const aws::Context&,
                                                        const wire::PutLogEventsInput&) override;
  base::Result<wire::GetLogEventsOutput> get_log_events(const aws::Context&,
                                                        const wire::GetLogEventsInput&) override;
  base::Result<wire::FilterLogEventsOutput> filter_log_events(
      const aws::Context&, const wire::FilterLogEventsInput&) override;

  // tags.cc
  base::Result<wire::TagResourceOutput> tag_resource(const aws::Context&,
                                                     const wire::TagResourceInput&) override;
  base::Result<wire::UntagResourceOutput> untag_resource(const aws::Context&,
                                                         const wire::UntagResourceInput&) override;
  base::Result<wire::ListTagsForResourceOutput> list_tags_for_resource(
      const aws::Context&, const wire::ListTagsForResourceInput&) override;
  base::Result<wire::TagLogGroupOutput> tag_log_group(const aws::Context&,
                                                      const wire::TagLogGroupInput&) override;
  base::Result<wire::UntagLogGroupOutput> untag_log_group(const aws::Context&,
                                                          const wire::UntagLogGroupInput&) override;
  base::Result<wire::ListTagsLogGroupOutput> list_tags_log_group(
      const aws::Context&, const wire::ListTagsLogGroupInput&) override;

 private:
  telemetry::Telemetry& store_;
  const base::Clock& clock_;
};

}  // namespace howdah::services::logs
