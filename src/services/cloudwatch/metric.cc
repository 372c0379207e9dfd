#include "services/cloudwatch/metric.h"

#include <charconv>

namespace howdah::services::cloudwatch {
namespace {

constexpr int64_t kLongestPeriod = 86400;

// "p99.9" -> 99.9; at most ten digits after the point, as AWS allows.
std::optional<double> percent_of(std::string_view name) {
  if (name.size() < 2 || name.size() > 14 || name[0] != 'p') return std::nullopt;
  if (name.find_first_not_of("0123456789.", 1) != std::string_view::npos) return std::nullopt;
  double percent = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 1, end, percent);
  if (error != std::errc{} || stop != end || percent > 100) return std::nullopt;
  return percent;
}

}  // namespace

telemetry::Dimensions dimensions_of(const aws::Views<wire::Dimension>& from) {
  telemetry::Dimensions out;
  for (const auto dimension : from) out.emplace_back(dimension.name(), dimension.value());
  return out;
}

bool is_percentile(std::string_view name) { return percent_of(name).has_value(); }

bool is_statistic(std::string_view name) {
  return name == "Average" || name == "Sum" || name == "Minimum" || name == "Maximum" ||
         name == "SampleCount" || is_percentile(name);
}

std::optional<double> statistic(const telemetry::Statistics& values, std::string_view name) {
  if (name == "Average") return values.average();
  if (name == "Sum") return values.sum;
  if (name == "Minimum") return values.minimum;
  if (name == "Maximum") return values.maximum;
  if (name == "SampleCount") return values.count;
  const auto percent = percent_of(name);
  return percent ? telemetry::percentile(values, *percent) : std::nullopt;
}

bool is_period(int64_t seconds) {
  if (seconds == 1 || seconds == 5 || seconds == 10 || seconds == 20 || seconds == 30) return true;
  return seconds > 0 && seconds % 60 == 0 && seconds <= kLongestPeriod;
}

}  // namespace howdah::services::cloudwatch
