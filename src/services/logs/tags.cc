// Tags of log groups, under their newer and their older names.

#include <algorithm>

#include "services/logs/logs.h"
#include "services/logs/names.h"

namespace howdah::services::logs {

using base::Result;
using base::Status;

namespace {

constexpr size_t kMostTags = 50;

Status add_tags(telemetry::Telemetry& store, const telemetry::Scope& scope,
                const std::string& group, const aws::Pairs& tags) {
  return store.change_log_group(scope, group, [&](telemetry::LogGroup& changed) -> Status {
    for (const auto& [key, value] : tags) {
      std::erase_if(changed.tags, [&](const auto& tag) { return tag.first == key; });
      changed.tags.emplace_back(key, value);
    }
    if (changed.tags.size() > kMostTags) {
      return base::Error{base::Code::kInvalidArgument,
                         "The log group can have at most 50 tags.",
                         "TooManyTagsException",
                         {}};
    }
    return base::ok();
  });
}

Status remove_tags(telemetry::Telemetry& store, const telemetry::Scope& scope,
                   const std::string& group, const std::vector<std::string>& keys) {
  return store.change_log_group(scope, group, [&](telemetry::LogGroup& changed) {
    std::erase_if(changed.tags, [&](const auto& tag) {
      return std::find(keys.begin(), keys.end(), tag.first) != keys.end();
    });
    return base::ok();
  });
}

}  // namespace

Result<wire::TagResourceOutput> Logs::tag_resource(const aws::Context& context,
                                                   const wire::TagResourceInput& input) {
  TRY(add_tags(store_, scope_of(context), group_in(input.resource_arn()), input.tags()));
  return wire::TagResourceOutput();
}

Result<wire::UntagResourceOutput> Logs::untag_resource(const aws::Context& context,
                                                       const wire::UntagResourceInput& input) {
  TRY(remove_tags(store_, scope_of(context), group_in(input.resource_arn()), input.tag_keys()));
  return wire::UntagResourceOutput();
}

Result<wire::ListTagsForResourceOutput> Logs::list_tags_for_resource(
    const aws::Context& context, const wire::ListTagsForResourceInput& input) {
  const auto group = TRY(store_.log_group(scope_of(context), group_in(input.resource_arn())));
  wire::ListTagsForResourceOutput out;
  out.set_tags(group.tags);
  return out;
}

Result<wire::TagLogGroupOutput> Logs::tag_log_group(const aws::Context& context,
                                                    const wire::TagLogGroupInput& input) {
  TRY(add_tags(store_, scope_of(context), std::string(input.log_group_name()), input.tags()));
  return wire::TagLogGroupOutput();
}

Result<wire::UntagLogGroupOutput> Logs::untag_log_group(const aws::Context& context,
                                                        const wire::UntagLogGroupInput& input) {
  TRY(remove_tags(store_, scope_of(context), std::string(input.log_group_name()), input.tags()));
  return wire::UntagLogGroupOutput();
}

Result<wire::ListTagsLogGroupOutput> Logs::list_tags_log_group(
    const aws::Context& context, const wire::ListTagsLogGroupInput& input) {
  const auto group = TRY(store_.log_group(scope_of(context), std::string(input.log_group_name())));
  wire::ListTagsLogGroupOutput out;
  out.set_tags(group.tags);
  return out;
}

}  // namespace howdah::services::logs
