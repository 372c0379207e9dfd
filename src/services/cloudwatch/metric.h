#pragma once

// A metric and its statistics between the wire and the store. Pure.

#include <optional>
#include <string_view>

#include "aws/cloudwatch/types.h"
#include "telemetry/telemetry.h"

namespace howdah::services::cloudwatch {

namespace wire = aws::cloudwatch;

telemetry::Dimensions dimensions_of(const aws::Views<wire::Dimension>& from);
inline telemetry::Scope scope_of(const aws::Context& context) {
  return {context.account, context.region};
}

/// "Average", "Sum", "Minimum", "Maximum", "SampleCount", "p99", "p99.9": what may be asked for.
/// Trimmed means and the like are not there.
bool is_statistic(std::string_view name);
bool is_percentile(std::string_view name);
/// nullopt when the values do not say (a percentile of statistic sets).
std::optional<double> statistic(const telemetry::Statistics& values, std::string_view name);

/// 1, 5, 10, 20, 30 or a multiple of 60 seconds, at most a day's.
bool is_period(int64_t seconds);

}  // namespace howdah::services::cloudwatch
