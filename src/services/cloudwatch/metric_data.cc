// GetMetricData: several metrics and expressions at once (CloudWatch API reference).

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/errors.h"
#include "services/cloudwatch/math.h"
#include "services/cloudwatch/metric.h"

namespace howdah::services::cloudwatch {

using base::Result;
using base::Status;

namespace {

constexpr size_t kMostQueries = 500;
constexpr int64_t kMostDatapoints = 100800;
constexpr std::string_view kTokenBegins = "datapoint ";

std::string name_of(const wire::MetricDataQuery& query) {
  const auto stat = query.metric_stat();
  return stat ? std::string(stat->metric().metric_name().value_or("")) : std::string(query.id());
}

Status check_id(std::string_view id) {
  bool good = !id.empty() && id[0] >= 'a' && id[0] <= 'z';
  for (const char c : id) {
    good &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  if (good) return base::ok();
  return validation(fmt::format(
      "The value {} for parameter MetricDataQueries.member.Id is invalid: it must match "
      "^[a-z][a-zA-Z0-9_]*$",
      id));
}

Status check_query(const wire::MetricDataQuery& query) {
  TRY(check_id(query.id()));
  const auto stat = query.metric_stat();
  if (stat.has_value() == query.expression().has_value()) {
    return validation(fmt::format(
        "Exactly one of the parameters MetricStat and Expression must be given for the id {}",
        query.id()));
  }
  if (!stat) return base::ok();
  if (!stat->metric().namespace_() || !stat->metric().metric_name()) {
    return validation(
        fmt::format("Namespace and MetricName are required for the id {}", query.id()));
  }
  if (!is_period(stat->period())) {
    return validation(fmt::format(
        "The period of the id {} must be 1, 5, 10, 20, 30 or a multiple of 60", query.id()));
  }
  if (!is_statistic(stat->stat())) {
    return validation(
        fmt::format("The statistic {} of the id {} is not served here", stat->stat(), query.id()));
  }
  return base::ok();
}

Status check(const wire::GetMetricDataInput& input) {
  const auto queries = input.metric_data_queries();
  if (queries.size() > kMostQueries) {
    return validation(fmt::format(
        "The collection MetricDataQueries must not have a size greater than {}.", kMostQueries));
  }
  if (input.start_time() >= input.end_time())
    return validation("The parameter StartTime must be less than the parameter EndTime.");
  std::set<std::string_view> ids;
  bool returned = false;
  for (const auto query : queries) {
    TRY(check_query(query));
    if (!ids.insert(query.id()).second)
      return validation(fmt::format("The id {} is given more than once", query.id()));
    returned |= query.return_data().value_or(true);
  }
  if (!returned) return validation("At least one query must have ReturnData set to true");
  return base::ok();
}

/// The queries of one call, each evaluated once, those that an expression names before it.
class Queries {
 public:
  Queries(const telemetry::Telemetry& store, telemetry::Scope scope,
          const wire::GetMetricDataInput& input)
      : store_(store), scope_(std::move(scope)), input_(input) {
    for (const auto query : input.metric_data_queries()) by_id_.emplace(query.id(), query);
  }

  Result<const Series*> series(std::string_view id) {
    if (const auto done = done_.find(std::string(id)); done != done_.end()) return &done->second;
    const auto query = by_id_.find(id);
    if (query == by_id_.end()) return static_cast<const Series*>(nullptr);
    if (!under_way_.insert(std::string(id)).second)
      return validation(fmt::format("The expression of the id {} names itself", id));
    Series made = query->second.expression() ? TRY(of_expression(query->second))
                                             : TRY(of_metric(query->second));
    under_way_.erase(std::string(id));
    return &(done_[std::string(id)] = std::move(made));
  }

 private:
  Result<Series> of_metric(const wire::MetricDataQuery& query) {
    const auto stat = *query.metric_stat();
    telemetry::DataQuery ask;
    ask.metric = {std::string(*stat.metric().namespace_()),
                  std::string(*stat.metric().metric_name()),
                  dimensions_of(stat.metric().dimensions())};
    const int64_t step = stat.period() * 1000;
    ask.from = base::from_millis(input_.start_time() - input_.start_time() % step);
    ask.to = base::from_millis(input_.end_time());
    ask.period = std::chrono::seconds(stat.period());
    ask.unit = stat.unit().value_or("");
    std::map<int64_t, telemetry::Statistics> merged;  // of several units, when none is asked for
    for (const auto& point : TRY(store_.datapoints(scope_, ask)))
      add(merged[base::to_millis(point.at)], point.values);
    Series out;
    for (const auto& [at, values] : merged) {
      if (const auto value = statistic(values, stat.stat())) out.emplace(at, *value);
    }
    return out;
  }

  Result<Series> of_expression(const wire::MetricDataQuery& query) {
    const std::string_view text = *query.expression();
    for (const std::string& name : names_in(text)) TRY(series(name));
    if (text.find("METRICS") != std::string_view::npos) {
      for (const auto& [id, other] : by_id_) {
        if (!other.expression()) TRY(series(id));
      }
    }
    MathNames names;
    names.series = [this](std::string_view id) -> const Series* {
      const auto found = done_.find(std::string(id));
      return found == done_.end() ? nullptr : &found->second;
    };
    names.metrics = [this](std::string_view part) {
      std::vector<const Series*> out;
      for (const auto& [id, other] : by_id_) {
        const bool meant = id.find(part) != std::string_view::npos ||
                           name_of(other).find(part) != std::string::npos;
        if (!other.expression() && meant) out.push_back(&done_[std::string(id)]);
      }
      return out;
    };
    auto made = evaluate(text, names);
    if (made.ok()) return made;
    base::Error error = std::move(made).error();
    error.message = fmt::format("Error in expression '{}': {}", query.id(), error.message);
    return error;
  }

  const telemetry::Telemetry& store_;
  telemetry::Scope scope_;
  const wire::GetMetricDataInput& input_;
  std::map<std::string_view, wire::MetricDataQuery> by_id_;
  std::map<std::string, Series> done_;
  std::set<std::string> under_way_;
};

// How many datapoints earlier pages gave.
Result<size_t> given_before(std::string_view token) {
  if (token.empty()) return size_t{0};
  const auto text = base::from_base64(token);
  const bool ours = text && text->starts_with(kTokenBegins) && text->size() < 30 &&
                    text->find_first_not_of("0123456789", kTokenBegins.size()) == text->npos;
  if (!ours || text->size() == kTokenBegins.size()) {
    return base::Error{base::Code::kInvalidArgument,
                       "The value for parameter NextToken is invalid.",
                       "InvalidNextToken",
                       {}};
  }
  return static_cast<size_t>(std::strtoull(text->c_str() + kTokenBegins.size(), nullptr, 10));
}

struct Window {
  size_t skip, take;  // datapoints, over all results
  bool ascending;
  bool first_page;
  bool more = false;
};

// What of a series lies in the window; nullopt: nothing of it belongs to this page.
std::optional<wire::MetricDataResult> cut(const wire::MetricDataQuery& query, const Series& series,
                                          Window& window) {
  std::vector<std::pair<int64_t, double>> points(series.begin(), series.end());
  if (!window.ascending) std::reverse(points.begin(), points.end());
  const size_t from = std::min(window.skip, points.size());
  const size_t count = std::min(window.take, points.size() - from);
  window.skip -= from;
  window.take -= count;
  const bool rest = from + count < points.size();
  window.more |= rest;
  if (count == 0 && !window.first_page) return std::nullopt;
  base::JsonArray times, values;
  for (size_t i = from; i < from + count; ++i) {
    times.emplace_back(points[i].first);
    values.emplace_back(points[i].second);
  }
  wire::MetricDataResult out;
  const std::string name = name_of(query);
  out.set_id(query.id()).set_label(query.label().value_or(name));
  out.set_timestamps(std::move(times)).set_values(std::move(values));
  out.set_status_code(rest ? "PartialData" : "Complete");
  return out;
}

}  // namespace

Result<wire::GetMetricDataOutput> CloudWatch::get_metric_data(
    const aws::Context& context, const wire::GetMetricDataInput& input) {
  TRY(check(input));
  const size_t before = TRY(given_before(input.next_token().value_or("")));
  const int64_t most = input.max_datapoints().value_or(kMostDatapoints);
  if (most < 1 || most > kMostDatapoints) {
    return validation(
        fmt::format("The parameter MaxDatapoints must be between 1 and {}.", kMostDatapoints));
  }
  Window window{before, static_cast<size_t>(most),
                input.scan_by().value_or("") == "TimestampAscending", before == 0};
  Queries queries(store_, scope_of(context), input);
  std::vector<wire::MetricDataResult> results;
  for (const auto query : input.metric_data_queries()) {
    const Series* series = TRY(queries.series(query.id()));
    if (!query.return_data().value_or(true)) continue;
    if (auto result = cut(query, *series, window)) results.push_back(std::move(*result));
  }
  wire::GetMetricDataOutput out;
  out.set_metric_data_results(std::move(results));
  out.set_messages(std::vector<wire::MessageData>());
  if (window.more) {
    out.set_next_token(base::to_base64(
        fmt::format("{}{}", kTokenBegins, before + static_cast<size_t>(most) - window.take)));
  }
  return out;
}

}  // namespace howdah::services::cloudwatch
