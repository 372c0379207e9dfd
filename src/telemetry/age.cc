#include "telemetry/rows.h"
#include "telemetry/telemetry.h"

namespace howdah::telemetry {

using base::Status;

namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr int kAtOnce = 2000;  // rows a commit: others write in between

// AWS: "Metrics retention", CloudWatch User Guide.
struct Tier {
  int64_t period;   // seconds
  int64_t kept;     // milliseconds
  int64_t becomes;  // seconds; 0: is removed
};
constexpr Tier kTiers[] = {
    {1, 3 * kHour, 60}, {60, 15 * kDay, 300}, {300, 63 * kDay, 3600}, {3600, 455 * kDay, 0}};

struct Old {
  int64_t series, at;
  std::string unit;
  Statistics values;
};

// Up to kAtOnce rows into the next tier; answers how many.
base::Result<int> roll_up(db::Connection& connection, const Tier& tier, int64_t before) {
  std::vector<Old> old;
  {
    auto rows = connection.query(
        "SELECT series, at, unit, count, sum, minimum, maximum, spread FROM points "
        "WHERE period = ? AND at < ? ORDER BY at LIMIT ?",
        tier.period, before, kAtOnce);
    while (TRY(rows.next())) {
      old.push_back(
          {rows.integer(0), rows.integer(1), std::string(rows.text(2)), statistics_in(rows, 3)});
    }
  }
  for (const Old& row : old) {
    TRY(connection.run("DELETE FROM points WHERE series = ? AND at = ? AND period = ? AND unit = ?",
                       row.series, row.at, tier.period, row.unit));
    if (tier.becomes == 0) continue;
    TRY(merge_point(connection, row.series, floor_to(row.at, tier.becomes * kSecond), tier.becomes,
                    row.unit, row.values));
  }
  return static_cast<int>(old.size());
}

base::Result<std::vector<std::pair<int64_t, int64_t>>> retentions(db::Database& database) {
  std::vector<std::pair<int64_t, int64_t>> out;  // group, days
  TRY(database.read([&](db::Connection& connection) -> Status {
    out.clear();
    auto rows = connection.query(
        "SELECT id, retention_days FROM log_groups WHERE retention_days IS NOT NULL");
    while (TRY(rows.next())) out.emplace_back(rows.integer(0), rows.integer(1));
    return base::ok();
  }));
  return out;
}

// True when there is a row that `sql` finds: a write is begun only for work.
base::Result<bool> any(db::Database& database, const char* sql, int64_t a, int64_t b) {
  bool found = false;
  TRY(database.read([&](db::Connection& connection) -> Status {
    auto rows = connection.query(sql, a, b);
    found = TRY(rows.next());
    return base::ok();
  }));
  return found;
}

Status expire_events(db::Database& database, int64_t group, int64_t before) {
  while (TRY(any(database, "SELECT 1 FROM log_events WHERE log_group = ? AND at < ? LIMIT 1", group,
                 before))) {
    TRY(database.write([&](db::Connection& connection) -> Status {
      int64_t bytes = 0;
      {
        auto sum = connection.query(
            "SELECT total(length(CAST(message AS BLOB)) + 26) FROM (SELECT message FROM log_events "
            "WHERE log_group = ? AND at < ? ORDER BY at, id LIMIT ?)",
            group, before, kAtOnce);
        if (TRY(sum.next())) bytes = static_cast<int64_t>(sum.real(0));
      }
      TRY(
          connection.run("DELETE FROM log_events WHERE id IN (SELECT id FROM log_events "
                         "WHERE log_group = ? AND at < ? ORDER BY at, id LIMIT ?)",
                         group, before, kAtOnce));
      TRY(connection.run("UPDATE log_groups SET bytes = max(0, bytes - ?) WHERE id = ?", bytes,
                         group));
      return base::ok();
    }));
  }
  return base::ok();
}

}  // namespace

Status remove_doomed(db::Database& database) {
  std::vector<std::pair<std::string, int64_t>> doomed;
  TRY(database.read([&](db::Connection& connection) -> Status {
    doomed.clear();
    auto rows = connection.query("SELECT kind, id FROM doomed");
    while (TRY(rows.next())) doomed.emplace_back(rows.text(0), rows.integer(1));
    return base::ok();
  }));
  for (const auto& [kind, id] : doomed) {
    const char* column = kind == "group" ? "log_group" : "stream";
    const std::string find =
        std::string("SELECT id FROM log_events WHERE ") + column + " = ? LIMIT ?";
    bool more = true;
    while (more) {
      TRY(database.write([&](db::Connection& connection) -> Status {
        const int64_t gone =
            TRY(connection.run("DELETE FROM log_events WHERE id IN (" + find + ")", id, kAtOnce));
        more = gone > 0;
        if (!more) TRY(connection.run("DELETE FROM doomed WHERE kind = ? AND id = ?", kind, id));
        return base::ok();
      }));
    }
  }
  return base::ok();
}

Status Telemetry::age(base::Time now) {
  const int64_t at = base::to_millis(now);
  for (const Tier& tier : kTiers) {
    const int64_t before = at - tier.kept;
    while (TRY(any(*database_, "SELECT 1 FROM points WHERE period = ? AND at < ? LIMIT 1",
                   tier.period, before))) {
      TRY(database_->write([&](db::Connection& connection) -> Status {
        TRY(roll_up(connection, tier, before));
        return base::ok();
      }));
    }
  }
  const int64_t oldest = at - 455 * kDay;
  if (TRY(any(*database_, "SELECT 1 FROM series WHERE last < ? AND ? IS NOT NULL LIMIT 1", oldest,
              0))) {
    TRY(database_->write([&](db::Connection& connection) -> Status {
      TRY(connection.run("DELETE FROM series WHERE last < ?", oldest));
      return base::ok();
    }));
  }
  for (const auto& [group, days] : TRY(retentions(*database_)))
    TRY(expire_events(*database_, group, at - days * kDay));
  return remove_doomed(*database_);
}

}  // namespace howdah::telemetry
