#include "telemetry/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace howdah::telemetry {
namespace {

using Distribution = std::vector<std::pair<double, double>>;

constexpr size_t kMostDistinct = 500;  // of one row; a minute with more has no percentiles

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Statistics statistics_of(double value, double count) {
  return {count, value * count, value, value, Distribution{{value, count}}};
}

Statistics statistics_of_set(double count, double sum, double minimum, double maximum) {
  Statistics out{count, sum, minimum, maximum, std::nullopt};
  if (minimum == maximum) out.distribution = Distribution{{minimum, count}};
  return out;
}

void add(Statistics& to, const Statistics& more) {
  if (more.count == 0) return;
  if (to.count == 0) {
    to = more;
    return;
  }
  to.count += more.count;
  to.sum += more.sum;
  to.minimum = std::min(to.minimum, more.minimum);
  to.maximum = std::max(to.maximum, more.maximum);
  if (!to.distribution || !more.distribution) {
    to.distribution.reset();
    return;
  }
  for (const auto& [value, count] : *more.distribution) {
    const auto at = std::lower_bound(
        to.distribution->begin(), to.distribution->end(), value,
        [](const std::pair<double, double>& entry, double wanted) { return entry.first < wanted; });
    if (at != to.distribution->end() && at->first == value) {
      at->second += count;
    } else {
      to.distribution->insert(at, {value, count});
    }
  }
  if (to.distribution->size() > kMostDistinct) to.distribution.reset();
}

std::optional<double> percentile(const Statistics& values, double percent) {
  if (!values.distribution || values.distribution->empty()) return std::nullopt;
  double all = 0;
  for (const auto& [value, count] : *values.distribution) all += count;
  const double rank = all * std::clamp(percent, 0.0, 100.0) / 100;
  double seen = 0;
  for (const auto& [value, count] : *values.distribution) {
    seen += count;
    if (seen >= rank) return value;
  }
  return values.distribution->back().first;
}

std::string distribution_text(const Statistics& values) {
  if (!values.distribution) return "?";
  if (values.distribution->size() <= 1) return {};
  std::string out;
  for (const auto& [value, count] : *values.distribution) {
    if (!out.empty()) out += ' ';
    fmt::format_to(std::back_inserter(out), "{}:{}", value, count);
  }
  return out;
}

void read_distribution(std::string_view text, Statistics& values) {
  values.distribution.reset();
  if (text == "?") return;
  if (text.empty()) {
    values.distribution = Distribution{{values.minimum, values.count}};
    return;
  }
  Distribution read;
  for (const std::string_view entry : base::split(text, ' ')) {
    const size_t colon = entry.find(':');
    if (colon == std::string_view::npos) return;
    const auto value = number_in(entry.substr(0, colon));
    const auto count = number_in(entry.substr(colon + 1));
    if (!value || !count) return;
    read.emplace_back(*value, *count);
  }
  values.distribution = std::move(read);
}

}  // namespace howdah::telemetry
