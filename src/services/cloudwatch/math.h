#pragma once

// Metric math: + - * / ^, parentheses, numbers, ids of other queries, and SUM, AVG, MIN, MAX over
// METRICS() or one series (CloudWatch User Guide, "Using metric math"). Other functions are
// refused by name. Pure; any bytes are safe.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::services::cloudwatch {

/// Values by time, epoch milliseconds.
using Series = std::map<int64_t, double>;

struct MathNames {
  /// The series of another query's id; nullptr: there is none.
  std::function<const Series*(std::string_view id)> series;
  /// Those of the queries that are metrics and whose id or name contains `part`: METRICS().
  std::function<std::vector<const Series*>(std::string_view part)> metrics;
};

/// Ids that an expression names, in order. Whatever it is, it does not fail.
std::vector<std::string> names_in(std::string_view expression);

/// Reason ValidationError, without the expression's id, when it is not understood or its result is
/// a number or several series.
base::Result<Series> evaluate(std::string_view expression, const MathNames& names);

}  // namespace howdah::services::cloudwatch
