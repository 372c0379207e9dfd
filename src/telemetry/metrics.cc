#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "telemetry/rows.h"
#include "telemetry/schema.h"
#include "telemetry/telemetry.h"

namespace howdah::telemetry {

using base::Result;
using base::Status;

namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60;  // seconds

// The row of a metric, made on demand, with its newest point's time.
Result<int64_t> series_of(db::Connection& connection, const Scope& scope, const Metric& metric,
                          int64_t at) {
  const std::string dimensions = dimensions_text(metric.dimensions);
  auto query = connection.query(
      "INSERT INTO series (account, region, namespace, name, dimensions, last) "
      "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last) "
      "RETURNING id",
      scope.account, scope.region, metric.space, metric.name, dimensions, at);
  if (!TRY(query.next())) return base::internal("telemetry.db gives a metric no row");
  const int64_t id = query.integer(0);
  TRY(query.next());  // to its end: only then it is done
  return id;
}

bool matches(const MetricFilter& filter, const Dimensions& dimensions) {
  return std::all_of(filter.dimensions.begin(), filter.dimensions.end(), [&](const auto& wanted) {
    return std::any_of(dimensions.begin(), dimensions.end(), [&](const auto& has) {
      return has.first == wanted.first && (!wanted.second || has.second == *wanted.second);
    });
  });
}

std::optional<int64_t> series_id(db::Connection& connection, const Scope& scope,
                                 const Metric& metric, Status& status) {
  auto query = connection.query(
      "SELECT id FROM series WHERE account = ? AND region = ? AND namespace = ? AND name = ? "
      "AND dimensions = ?",
      scope.account, scope.region, metric.space, metric.name, dimensions_text(metric.dimensions));
  const auto found = query.next();
  if (!found.ok()) {
    status = found.error();
    return std::nullopt;
  }
  return *found ? std::optional(query.integer(0)) : std::nullopt;
}

}  // namespace

std::string dimensions_text(Dimensions dimensions) {
  std::sort(dimensions.begin(), dimensions.end());
  base::JsonArray array;
  for (const auto& [name, value] : dimensions) array.push_back(base::JsonArray{name, value});
  return base::to_text(base::Json(std::move(array)));
}

Dimensions read_dimensions(std::string_view text) {
  Dimensions out;
  const auto parsed = base::parse_json(text);
  if (!parsed.ok() || !parsed->is_array()) return out;
  for (const base::Json& entry : parsed->get_array()) {
    const auto* pair = entry.if_array();
    if (!pair || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) continue;
    out.emplace_back(base::view_of((*pair)[0].get_string()),
                     base::view_of((*pair)[1].get_string()));
  }
  return out;
}

Telemetry::Telemetry(std::unique_ptr<db::Database> database, const base::Clock& clock)
    : database_(std::move(database)), clock_(clock) {}

Result<std::unique_ptr<Telemetry>> Telemetry::open(const std::string& path,
                                                   const base::Clock& clock) {
  auto database = TRY(
      db::Database::open({.path = path, .sync = db::Sync::kNormal, .migrations = migrations()}));
  return std::unique_ptr<Telemetry>(new Telemetry(std::move(database), clock));
}

Status merge_point(db::Connection& connection, int64_t series, int64_t at, int64_t period,
                   std::string_view unit, const Statistics& values) {
  Statistics merged;
  {
    auto before = connection.query(
        "SELECT count, sum, minimum, maximum, spread FROM points "
        "WHERE series = ? AND at = ? AND period = ? AND unit = ?",
        series, at, period, unit);
    if (TRY(before.next())) merged = statistics_in(before, 0);
  }
  add(merged, values);
  TRY(connection.run(
      "INSERT OR REPLACE INTO points (series, at, period, unit, count, sum, minimum, maximum, "
      "spread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      series, at, period, unit, merged.count, merged.sum, merged.minimum, merged.maximum,
      distribution_text(merged)));
  return base::ok();
}

Statistics statistics_in(const db::Query& row, int column) {
  Statistics out;
  out.count = row.real(column);
  out.sum = row.real(column + 1);
  out.minimum = row.real(column + 2);
  out.maximum = row.real(column + 3);
  read_distribution(row.text(column + 4), out);
  return out;
}

Status Telemetry::put_metrics(const Scope& scope, std::span<const MetricPoint> points) {
  if (points.empty()) return base::ok();
  return database_->write([&](db::Connection& connection) -> Status {
    for (const MetricPoint& point : points) {
      const int64_t period = point.high_resolution ? 1 : kMinute;
      const int64_t at = floor_to(base::to_millis(point.at), period * kSecond);
      const int64_t series = TRY(series_of(connection, scope, point.metric, at));
      TRY(merge_point(connection, series, at, period, point.unit, point.values));
    }
    return base::ok();
  });
}

Status Telemetry::put_metric(const Scope& scope, Metric metric, double value,
                             const std::string& unit) {
  const MetricPoint point{std::move(metric), clock_.now(), statistics_of(value), unit, false};
  return put_metrics(scope, {&point, 1});
}

Result<MetricPage> Telemetry::metrics(const Scope& scope, const MetricFilter& filter,
                                      const std::string& marker, size_t limit) const {
  int64_t after = 0;
  for (const char c : marker) {
    if (c < '0' || c > '9' || marker.size() > 18) return base::invalid_argument("no such marker");
    after = after * 10 + (c - '0');
  }
  MetricPage page;
  TRY(database_->read([&](db::Connection& connection) -> Status {
    page = {};
    auto query = connection.query(
        "SELECT id, namespace, name, dimensions FROM series WHERE account = ? AND region = ? "
        "AND id > ? AND (? = '' OR namespace = ?) AND (? = '' OR name = ?) AND last >= ? "
        "ORDER BY id",
        scope.account, scope.region, after, filter.space, filter.space, filter.name, filter.name,
        base::to_millis(filter.active_since));
    int64_t last = 0;
    while (TRY(query.next())) {
      Dimensions dimensions = read_dimensions(query.text(3));
      if (!matches(filter, dimensions)) continue;
      if (page.metrics.size() == limit) {
        page.next = std::to_string(last);
        break;
      }
      last = query.integer(0);
      page.metrics.push_back(
          {std::string(query.text(1)), std::string(query.text(2)), std::move(dimensions)});
    }
    return base::ok();
  }));
  return page;
}

Result<std::vector<Datapoint>> Telemetry::datapoints(const Scope& scope,
                                                     const DataQuery& query) const {
  const int64_t step = std::chrono::milliseconds(query.period).count();
  const int64_t from = base::to_millis(query.from), to = base::to_millis(query.to);
  std::map<std::pair<int64_t, std::string>, Statistics> stretches;
  TRY(database_->read([&](db::Connection& connection) -> Status {
    stretches.clear();
    Status status;
    const auto series = series_id(connection, scope, query.metric, status);
    if (!series) return status;
    auto rows = connection.query(
        "SELECT at, unit, count, sum, minimum, maximum, spread FROM points WHERE series = ? "
        "AND at >= ? AND at < ? AND period <= ? AND (? = '' OR unit = ?)",
        *series, from, to, query.period.count(), query.unit, query.unit);
    while (TRY(rows.next())) {
      const int64_t at = from + floor_to(rows.integer(0) - from, step);
      add(stretches[{at, std::string(rows.text(1))}], statistics_in(rows, 2));
      if (stretches.size() > query.limit) {
        return base::Error{base::Code::kResourceExhausted,
                           fmt::format("more than {} datapoints", query.limit),
                           {},
                           {}};
      }
    }
    return base::ok();
  }));
  std::vector<Datapoint> out;
  out.reserve(stretches.size());
  for (auto& [key, values] : stretches)
    out.push_back({base::from_millis(key.first), key.second, std::move(values)});
  return out;
}

Result<std::vector<Latest>> Telemetry::latest(base::Time since, size_t limit) const {
  std::vector<Latest> out;
  TRY(database_->read([&](db::Connection& connection) -> Status {
    out.clear();
    auto rows = connection.query(
        "SELECT account, region, namespace, name, dimensions, p.at, p.unit, p.count, p.sum, "
        "p.minimum, p.maximum, p.spread FROM series s JOIN points p ON p.series = s.id "
        "AND p.at = s.last WHERE s.last >= ? ORDER BY s.namespace, s.name, s.id, p.period LIMIT ?",
        base::to_millis(since), limit);
    while (TRY(rows.next())) {
      Latest one;
      one.scope = {std::string(rows.text(0)), std::string(rows.text(1))};
      one.metric = {std::string(rows.text(2)), std::string(rows.text(3)),
                    read_dimensions(rows.text(4))};
      one.point = {base::from_millis(rows.integer(5)), std::string(rows.text(6)),
                   statistics_in(rows, 7)};
      out.push_back(std::move(one));
    }
    return base::ok();
  }));
  return out;
}

}  // namespace howdah::telemetry
