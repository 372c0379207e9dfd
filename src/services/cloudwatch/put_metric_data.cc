// PutMetricData. Rules: CloudWatch API reference, PutMetricData and MetricDatum.

#include <fmt/format.h>

#include <cmath>

#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/metric.h"

namespace howdah::services::cloudwatch {

using base::Result;
using base::Status;
using telemetry::Statistics;

namespace {

constexpr size_t kMostData = 1000;
constexpr size_t kMostValues = 150;
constexpr double kLargest = 2.348542582773833e108;  // 2^360
constexpr std::chrono::hours kPast{14 * 24}, kFuture{2};

Status check_number(double value, const std::string& name) {
  if (std::isfinite(value) && std::abs(value) <= kLargest) return base::ok();
  return invalid_value(fmt::format("The value {} for parameter {} is invalid.", value, name));
}

double number_at(const base::JsonArray& array, size_t index) {
  const auto* number = array[index].if_double();
  return number ? *number : std::nan("");
}

Result<Statistics> values_of(const wire::MetricDatum& datum, const std::string& at) {
  const base::JsonArray* values = datum.values();
  const base::JsonArray* counts = datum.counts();
  if (values->size() > kMostValues) {
    return invalid_value(fmt::format(
        "The collection {}.Values must not have a size greater than {}.", at, kMostValues));
  }
  if (counts && counts->size() != values->size()) {
    return invalid_value(
        fmt::format("The parameters {0}.Values and {0}.Counts must be of the same size.", at));
  }
  Statistics out;
  for (size_t i = 0; i < values->size(); ++i) {
    const double value = number_at(*values, i);
    const double count = counts ? number_at(*counts, i) : 1;
    TRY(check_number(value, fmt::format("{}.Values.member.{}", at, i + 1)));
    const std::string name = fmt::format("{}.Counts.member.{}", at, i + 1);
    TRY(check_number(count, name));
    if (count < 0)
      return invalid_value(fmt::format("The value {} for parameter {} is invalid.", count, name));
    if (count > 0) add(out, telemetry::statistics_of(value, count));
  }
  return out;
}

Result<Statistics> set_of(const wire::StatisticSet& set, const std::string& at) {
  for (const auto& [name, value] :
       {std::pair{"SampleCount", set.sample_count()}, std::pair{"Sum", set.sum()},
        std::pair{"Minimum", set.minimum()}, std::pair{"Maximum", set.maximum()}}) {
    TRY(check_number(value, fmt::format("{}.StatisticValues.{}", at, name)));
  }
  if (set.sample_count() <= 0) {
    return invalid_value(
        fmt::format("The parameter {}.StatisticValues.SampleCount must be greater than 0.", at));
  }
  if (set.minimum() > set.maximum()) {
    return invalid_value(
        fmt::format("The parameter {0}.StatisticValues.Maximum must be greater than "
                    "{0}.StatisticValues.Minimum.",
                    at));
  }
  return telemetry::statistics_of_set(set.sample_count(), set.sum(), set.minimum(), set.maximum());
}

Result<Statistics> statistics_in(const wire::MetricDatum& datum, const std::string& at) {
  const char* given[3] = {datum.value() ? "Value" : nullptr, datum.values() ? "Values" : nullptr,
                          datum.statistic_values() ? "StatisticValues" : nullptr};
  const char* first = nullptr;
  for (const char* one : given) {
    if (one && first) {
      return invalid_combination(fmt::format(
          "The parameters {0}.{1} and {0}.{2} are mutually exclusive and you have specified both.",
          at, first, one));
    }
    if (one) first = one;
  }
  if (!first) return missing(fmt::format("The parameter {}.Value is required.", at));
  if (datum.values()) return values_of(datum, at);
  if (const auto set = datum.statistic_values()) return set_of(*set, at);
  TRY(check_number(*datum.value(), at + ".Value"));
  return telemetry::statistics_of(*datum.value());
}

Result<telemetry::MetricPoint> point_of(const wire::MetricDatum& datum, std::string_view space,
                                        const std::string& at, base::Time now) {
  telemetry::MetricPoint out;
  out.metric = {std::string(space), std::string(datum.metric_name()),
                dimensions_of(datum.dimensions())};
  for (size_t i = 0; i < out.metric.dimensions.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (out.metric.dimensions[i].first == out.metric.dimensions[j].first) {
        return invalid_value(
            fmt::format("The parameter {}.Dimensions has the name {} more than once.", at,
                        out.metric.dimensions[i].first));
      }
    }
  }
  out.values = TRY(statistics_in(datum, at));
  out.at = datum.timestamp() ? base::from_millis(*datum.timestamp()) : now;
  if (out.at < now - kPast) {
    return invalid_value(fmt::format(
        "The parameter {}.Timestamp must specify a time within the past two weeks.", at));
  }
  if (out.at > now + kFuture) {
    return invalid_value(fmt::format(
        "The parameter {}.Timestamp must specify a time no more than two hours in the future.",
        at));
  }
  out.unit = datum.unit().value_or("None");
  const int64_t resolution = datum.storage_resolution().value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value(fmt::format("The parameter {}.StorageResolution must be 1 or 60.", at));
  }
  out.high_resolution = resolution == 1;
  return out;
}

Status read_data(const aws::Views<wire::MetricDatum>& data, std::string_view space,
                 const std::string& at, base::Time now,
                 std::vector<telemetry::MetricPoint>& points) {
  for (size_t i = 0; i < data.size(); ++i) {
    auto point = TRY(point_of(data[i], space, fmt::format("{}.member.{}", at, i + 1), now));
    if (point.values.count > 0) points.push_back(std::move(point));
  }
  return base::ok();
}

}  // namespace

Result<wire::PutMetricDataOutput> CloudWatch::put_metric_data(
    const aws::Context& context, const wire::PutMetricDataInput& input) {
  const std::string_view space = input.namespace_();
  if (space.starts_with("AWS/")) {
    return invalid_value(fmt::format("The value {} for parameter Namespace is invalid.", space));
  }
  size_t count = input.metric_data().size();
  for (const auto entity : input.entity_metric_data()) count += entity.metric_data().size();
  if (count > kMostData) {
    return invalid_value(
        fmt::format("The collection MetricData must not have a size greater than {}.", kMostData));
  }
  if (count == 0) return missing("The parameter MetricData is required.");
  const base::Time now = clock_.now();
  std::vector<telemetry::MetricPoint> points;
  points.reserve(count);
  TRY(read_data(input.metric_data(), space, "MetricData", now, points));
  size_t number = 0;
  for (const auto entity : input.entity_metric_data()) {
    TRY(read_data(entity.metric_data(), space,
                  fmt::format("EntityMetricData.member.{}.MetricData", ++number), now, points));
  }
  TRY(store_.put_metrics(scope_of(context), points));
  return wire::PutMetricDataOutput();
}

}  // namespace howdah::services::cloudwatch
