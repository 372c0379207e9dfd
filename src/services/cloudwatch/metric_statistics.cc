// GetMetricStatistics (CloudWatch API reference).

#include <fmt/format.h>

#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/metric.h"

namespace howdah::services::cloudwatch {

using base::Result;
using base::Status;

namespace {

constexpr int64_t kMostDatapoints = 1440;
constexpr std::chrono::hours kMinutes{15 * 24}, kFiveMinutes{63 * 24}, kSeconds{3};

// A start is taken as it is kept: whole minutes, 5 minutes after 15 days, hours after 63 days.
base::Time rounded(base::Time start, int64_t period, base::Time now) {
  int64_t step = 60;
  if (start < now - kFiveMinutes) {
    step = 3600;
  } else if (start < now - kMinutes) {
    step = 300;
  } else if (period < 60 && start >= now - kSeconds) {
    step = period;
  }
  const int64_t at = base::to_millis(start);
  return base::from_millis(at - at % (step * 1000));
}

Status check(const wire::GetMetricStatisticsInput& input) {
  if (!is_period(input.period())) {
    return invalid_value("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.");
  }
  if (input.start_time() >= input.end_time()) {
    return invalid_combination("The parameter StartTime must be less than the parameter EndTime.");
  }
  const auto extended = input.extended_statistics();
  if (input.statistics().empty() && extended.empty()) {
    return missing("At least one of the parameters Statistics and ExtendedStatistics is required.");
  }
  if (!input.statistics().empty() && !extended.empty()) {
    return invalid_combination(
        "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have "
        "specified both.");
  }
  for (size_t i = 0; i < extended.size(); ++i) {
    if (!is_percentile(extended[i])) {
      return invalid_value(
          fmt::format("The value {} for parameter ExtendedStatistics.member.{} is invalid.",
                      extended[i], i + 1));
    }
  }
  const int64_t asked = (input.end_time() - input.start_time() - 1) / (input.period() * 1000) + 1;
  if (asked > kMostDatapoints) {
    return invalid_combination(
        fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}. You "
                    "may reduce the datapoints requested by increasing Period, or decreasing the "
                    "time range.",
                    asked, kMostDatapoints));
  }
  return base::ok();
}

wire::Datapoint to_wire(const telemetry::Datapoint& point,
                        const wire::GetMetricStatisticsInput& input) {
  wire::Datapoint out;
  out.set_timestamp(base::to_millis(point.at)).set_unit(point.unit);
  for (const std::string& name : input.statistics()) {
    if (const auto value = statistic(point.values, name)) out.raw()[name] = *value;
  }
  base::JsonObject extended;
  for (const std::string& name : input.extended_statistics()) {
    if (const auto value = statistic(point.values, name)) extended[name] = *value;
  }
  if (!extended.empty()) out.set_extended_statistics(std::move(extended));
  return out;
}

}  // namespace

Result<wire::GetMetricStatisticsOutput> CloudWatch::get_metric_statistics(
    const aws::Context& context, const wire::GetMetricStatisticsInput& input) {
  TRY(check(input));
  telemetry::DataQuery query;
  query.metric = {std::string(input.namespace_()), std::string(input.metric_name()),
                  dimensions_of(input.dimensions())};
  query.from = rounded(base::from_millis(input.start_time()), input.period(), clock_.now());
  query.to = base::from_millis(input.end_time());
  query.period = std::chrono::seconds(input.period());
  query.unit = input.unit().value_or("");
  std::vector<wire::Datapoint> points;
  for (const auto& point : TRY(store_.datapoints(scope_of(context), query))) {
    wire::Datapoint made = to_wire(point, input);
    // One whose percentiles nobody knows says nothing: AWS leaves it out.
    if (made.raw().size() > 2) points.push_back(std::move(made));
  }
  wire::GetMetricStatisticsOutput out;
  out.set_label(input.metric_name());
  out.set_datapoints(std::move(points));
  return out;
}

}  // namespace howdah::services::cloudwatch
