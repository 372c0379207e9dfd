// Log groups and how long they keep events.

#include <fmt/format.h>

#include <algorithm>

#include "services/logs/logs.h"
#include "services/logs/names.h"

namespace howdah::services::logs {

using base::Result;

namespace {

constexpr int64_t kDefaultPage = 50;
// PutRetentionPolicy, CloudWatch Logs API reference.
constexpr int64_t kRetentions[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                   365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

wire::LogGroup to_wire(const aws::Context& context, const telemetry::LogGroup& group) {
  wire::LogGroup out;
  const std::string arn = group_arn(context, group.name);
  out.set_log_group_name(group.name).set_creation_time(base::to_millis(group.created));
  if (group.retention_days) out.set_retention_in_days(*group.retention_days);
  out.set_metric_filter_count(0).set_arn(arn + ":*").set_stored_bytes(group.bytes);
  out.set_log_group_class(group.log_class).set_log_group_arn(arn);
  return out;
}

}  // namespace

Result<wire::CreateLogGroupOutput> Logs::create_log_group(const aws::Context& context,
                                                          const wire::CreateLogGroupInput& input) {
  // What promises security is refused as long as it does nothing.
  if (input.kms_key_id())
    return invalid_parameter("There are no KMS keys here: leave kmsKeyId out.");
  if (input.deletion_protection_enabled().value_or(false))
    return invalid_parameter("Deletion protection is not served here: leave it out.");
  telemetry::LogGroup group;
  group.name = input.log_group_name();
  group.log_class = input.log_group_class().value_or("STANDARD");
  group.tags = input.tags();
  TRY(store_.create_log_group(scope_of(context), group));
  return wire::CreateLogGroupOutput();
}

Result<wire::DeleteLogGroupOutput> Logs::delete_log_group(const aws::Context& context,
                                                          const wire::DeleteLogGroupInput& input) {
  TRY(store_.delete_log_group(scope_of(context), std::string(input.log_group_name())));
  return wire::DeleteLogGroupOutput();
}

Result<wire::DescribeLogGroupsOutput> Logs::describe_log_groups(
    const aws::Context& context, const wire::DescribeLogGroupsInput& input) {
  if (input.log_group_name_prefix() && input.log_group_name_pattern()) {
    return invalid_parameter(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters");
  }
  const auto wanted = [&](const telemetry::LogGroup& group) {
    return !input.log_group_class() || group.log_class == *input.log_group_class();
  };
  wire::DescribeLogGroupsOutput out;
  std::vector<wire::LogGroup> groups;
  const std::vector<std::string> named = input.log_group_identifiers();
  for (const std::string& name : named) {
    const auto group = store_.log_group(scope_of(context), group_in(name));
    if (group.ok() && wanted(*group)) groups.push_back(to_wire(context, *group));
  }
  if (named.empty()) {
    const auto page = TRY(store_.log_groups(
        scope_of(context), std::string(input.log_group_name_prefix().value_or("")),
        std::string(input.log_group_name_pattern().value_or("")),
        TRY(marker_in(input.next_token())),
        static_cast<size_t>(input.limit().value_or(kDefaultPage))));
    for (const auto& group : page.groups) {
      if (wanted(group)) groups.push_back(to_wire(context, group));
    }
    if (!page.next.empty()) out.set_next_token(token_of(page.next));
  }
  out.set_log_groups(std::move(groups));
  return out;
}

Result<wire::PutRetentionPolicyOutput> Logs::put_retention_policy(
    const aws::Context& context, const wire::PutRetentionPolicyInput& input) {
  const int64_t days = input.retention_in_days();
  if (std::find(std::begin(kRetentions), std::end(kRetentions), days) == std::end(kRetentions)) {
    std::string allowed;
    for (const int64_t one : kRetentions) allowed += fmt::format(", {}", one);
    return invalid_parameter(fmt::format(
        "1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy "
        "constraint: Member must satisfy enum value set: [{}]",
        days, allowed.substr(2)));
  }
  TRY(store_.change_log_group(scope_of(context), std::string(input.log_group_name()),
                              [&](telemetry::LogGroup& group) {
                                group.retention_days = days;
                                return base::ok();
                              }));
  return wire::PutRetentionPolicyOutput();
}

Result<wire::DeleteRetentionPolicyOutput> Logs::delete_retention_policy(
    const aws::Context& context, const wire::DeleteRetentionPolicyInput& input) {
  TRY(store_.change_log_group(scope_of(context), std::string(input.log_group_name()),
                              [](telemetry::LogGroup& group) {
                                group.retention_days.reset();
                                return base::ok();
                              }));
  return wire::DeleteRetentionPolicyOutput();
}

}  // namespace howdah::services::logs
