#pragma once

// Names, ARNs and page tokens of CloudWatch Logs. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "aws/context.h"
#include "telemetry/telemetry.h"

namespace howdah::services::logs {

inline telemetry::Scope scope_of(const aws::Context& context) {
  return {context.account, context.region};
}
base::Error invalid_parameter(std::string message);

/// arn:aws:logs:REGION:ACCOUNT:log-group:NAME
std::string group_arn(const aws::Context& context, std::string_view group);
std::string stream_arn(const aws::Context& context, std::string_view group,
                       std::string_view stream);
/// The name in a group's ARN, with or without ":*"; of anything else the text itself.
std::string group_in(std::string_view arn_or_name);
/// A request names its group by exactly one of the two.
base::Result<std::string> group_of(std::optional<std::string_view> name,
                                   std::optional<std::string_view> identifier);

/// 56 digits: what an event is called, and what tokens hold.
std::string digits_of(const telemetry::Position& position);
std::optional<telemetry::Position> position_in(std::string_view digits);

/// A marker of the store as a token, and back; InvalidParameterException for one that is not ours.
std::string token_of(std::string_view marker);
base::Result<std::string> marker_in(std::optional<std::string_view> token);

}  // namespace howdah::services::logs
