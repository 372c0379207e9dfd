#pragma once

// What was measured in a stretch of time, as CloudWatch keeps it: count, sum, extremes, and how
// often each value occurred as long as that is known (a statistic set does not say). Values: no
// ownership, no threads, no failure.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace howdah::telemetry {

struct Statistics {
  double count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
  /// Value and how often, by value; nullopt when it is not known. Percentiles need it.
  std::optional<std::vector<std::pair<double, double>>> distribution =
      std::vector<std::pair<double, double>>{};

  double average() const { return count > 0 ? sum / count : 0; }
};

/// One value, `count` times.
Statistics statistics_of(double value, double count = 1);
/// A statistic set: its distribution is known only when all its values are one.
Statistics statistics_of_set(double count, double sum, double minimum, double maximum);
void add(Statistics& to, const Statistics& more);

/// The smallest value that `percent` (0 to 100) of the values do not exceed; nullopt when the
/// distribution is not known or there is none.
std::optional<double> percentile(const Statistics& values, double percent);

/// How a distribution is kept: "" when all values are one (then it follows from the minimum), "?"
/// when it is not known, else "value:count value:count".
std::string distribution_text(const Statistics& values);
void read_distribution(std::string_view text, Statistics& values);

}  // namespace howdah::telemetry
