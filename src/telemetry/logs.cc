#include <algorithm>
#include <limits>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "telemetry/rows.h"
#include "telemetry/telemetry.h"

namespace howdah::telemetry {

using base::Result;
using base::Status;

namespace {

constexpr int64_t kEventOverhead = 26;  // bytes (AWS: PutLogEvents)

base::Error exists(const char* message) {
  return {base::Code::kAlreadyExists, message, "ResourceAlreadyExistsException", {}};
}

std::string about_text(const LogGroup& group) {
  base::JsonObject tags;
  for (const auto& [key, value] : group.tags) tags[key] = value;
  return base::to_text(
      base::JsonObject{{"class", group.log_class}, {"kms", group.kms_key}, {"tags", tags}});
}

// name, created, retention_days, bytes, about
LogGroup group_in(const db::Query& row) {
  LogGroup out;
  out.name = row.text(0);
  out.created = base::from_millis(row.integer(1));
  if (!row.is_null(2)) out.retention_days = row.integer(2);
  out.bytes = row.integer(3);
  const auto about = base::parse_json(row.text(4));
  if (!about.ok() || !about->is_object()) return out;
  out.log_class = base::text_at(about->get_object(), "class", "STANDARD");
  out.kms_key = base::text_at(about->get_object(), "kms");
  if (const auto* tags = base::find_object(about->get_object(), "tags")) {
    for (const auto& [key, value] : *tags) {
      if (value.is_string()) out.tags.emplace_back(key, base::view_of(value.get_string()));
    }
  }
  return out;
}

std::optional<base::Time> time_in(const db::Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return base::from_millis(row.integer(column));
}

Result<int64_t> make_group(db::Connection& connection, const Scope& scope, const LogGroup& group,
                           base::Time now) {
  TRY(connection.run(
      "INSERT INTO log_groups (account, region, name, created, retention_days, about) "
      "VALUES (?, ?, ?, ?, ?, ?)",
      scope.account, scope.region, group.name, base::to_millis(now), group.retention_days,
      about_text(group)));
  return connection.last_insert_rowid();
}

Result<int64_t> make_stream(db::Connection& connection, int64_t group, const std::string& stream,
                            base::Time now) {
  TRY(connection.run("INSERT INTO log_streams (log_group, name, created) VALUES (?, ?, ?)", group,
                     stream, base::to_millis(now)));
  return connection.last_insert_rowid();
}

struct Place {
  int64_t group = 0, stream = 0;
};

Result<Place> place_of(db::Connection& connection, const Scope& scope, const std::string& group,
                       const std::string& stream, Missing missing, base::Time now) {
  Place out;
  auto found = group_id(connection, scope, group);
  if (!found.ok() && found.error().code == base::Code::kNotFound && missing == Missing::kMake) {
    LogGroup fresh;
    fresh.name = group;
    found = make_group(connection, scope, fresh, now);
  }
  out.group = TRY(std::move(found));
  auto at = stream_id(connection, out.group, stream);
  if (!at.ok() && at.error().code == base::Code::kNotFound && missing == Missing::kMake)
    at = make_stream(connection, out.group, stream, now);
  out.stream = TRY(std::move(at));
  return out;
}

// The ids of the streams that a query names; nullopt: all of the group.
Result<std::optional<std::set<int64_t>>> streams_of(db::Connection& connection, int64_t group,
                                                    const LogQuery& query) {
  if (query.streams.empty() && query.stream_prefix.empty())
    return std::optional<std::set<int64_t>>();
  std::set<int64_t> ids;
  for (const std::string& stream : query.streams)
    ids.insert(TRY(stream_id(connection, group, stream)));
  if (query.streams.empty()) {
    auto rows = connection.query(
        "SELECT id FROM log_streams WHERE log_group = ? AND name >= ? AND substr(name, 1, "
        "length(?)) = ?",
        group, query.stream_prefix, query.stream_prefix, query.stream_prefix);
    while (TRY(rows.next())) ids.insert(rows.integer(0));
  }
  return std::optional(std::move(ids));
}

// Both exclusive.
std::pair<Position, Position> bounds_of(const LogQuery& query) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  Position low{std::numeric_limits<int64_t>::min(), 0}, high{kMost, kMost};
  if (query.from) low = {base::to_millis(*query.from) - 1, kMost};
  if (query.to) high = {base::to_millis(*query.to), 0};
  if (query.after) low = std::max(low, *query.after);
  if (query.before) high = std::min(high, *query.before);
  return {low, high};
}

Status read_events(db::Query& rows, const LogQuery& query,
                   const std::optional<std::set<int64_t>>& wanted, LogPage& page) {
  size_t looked_at = 0, bytes = 0;
  while (TRY(rows.next())) {
    const std::string_view message = rows.text(5);
    const bool ours = !wanted || wanted->contains(rows.integer(2));
    const bool accepted = ours && (!query.accept || query.accept(message));
    const size_t size = message.size() + kEventOverhead;
    if (looked_at >= query.most_looked_at || page.events.size() >= query.limit ||
        (accepted && !page.events.empty() && bytes + size > query.most_bytes)) {
      page.complete = false;
      return base::ok();
    }
    ++looked_at;
    page.last = Position{rows.integer(0), rows.integer(1)};
    if (!accepted) continue;
    bytes += size;
    page.events.push_back({*page.last, base::from_millis(rows.integer(3)),
                           std::string(rows.text(4)), std::string(message)});
  }
  return base::ok();
}

}  // namespace

base::Error no_such_group() {
  return {base::Code::kNotFound,
          "The specified log group does not exist.",
          "ResourceNotFoundException",
          {}};
}

base::Error no_such_stream() {
  return {base::Code::kNotFound,
          "The specified log stream does not exist.",
          "ResourceNotFoundException",
          {}};
}

Result<int64_t> group_id(db::Connection& connection, const Scope& scope, std::string_view group) {
  auto row =
      connection.query("SELECT id FROM log_groups WHERE account = ? AND region = ? AND name = ?",
                       scope.account, scope.region, group);
  if (!TRY(row.next())) return no_such_group();
  return row.integer(0);
}

Result<int64_t> stream_id(db::Connection& connection, int64_t group, std::string_view stream) {
  auto row = connection.query("SELECT id FROM log_streams WHERE log_group = ? AND name = ?", group,
                              stream);
  if (!TRY(row.next())) return no_such_stream();
  return row.integer(0);
}

Status Telemetry::create_log_group(const Scope& scope, const LogGroup& group) {
  const base::Time now = clock_.now();
  return database_->write([&](db::Connection& connection) -> Status {
    if (group_id(connection, scope, group.name).ok())
      return exists("The specified log group already exists");
    TRY(make_group(connection, scope, group, now));
    return base::ok();
  });
}

Status Telemetry::delete_log_group(const Scope& scope, const std::string& group) {
  TRY(database_->write([&](db::Connection& connection) -> Status {
    const int64_t id = TRY(group_id(connection, scope, group));
    TRY(connection.run("DELETE FROM log_streams WHERE log_group = ?", id));
    TRY(connection.run("DELETE FROM log_groups WHERE id = ?", id));
    TRY(connection.run("INSERT OR IGNORE INTO doomed (kind, id) VALUES ('group', ?)", id));
    return base::ok();
  }));
  return remove_doomed(*database_);
}

Result<LogGroup> Telemetry::log_group(const Scope& scope, const std::string& group) const {
  LogGroup out;
  TRY(database_->read([&](db::Connection& connection) -> Status {
    auto row = connection.query(
        "SELECT name, created, retention_days, bytes, about FROM log_groups "
        "WHERE account = ? AND region = ? AND name = ?",
        scope.account, scope.region, group);
    if (!TRY(row.next())) return no_such_group();
    out = group_in(row);
    return base::ok();
  }));
  return out;
}

Result<LogGroupPage> Telemetry::log_groups(const Scope& scope, const std::string& prefix,
                                           const std::string& pattern, const std::string& marker,
                                           size_t limit) const {
  const std::string wanted = base::to_lower(pattern);
  LogGroupPage page;
  TRY(database_->read([&](db::Connection& connection) -> Status {
    page = {};
    auto rows = connection.query(
        "SELECT name, created, retention_days, bytes, about FROM log_groups "
        "WHERE account = ? AND region = ? AND name >= ? AND name > ? ORDER BY name",
        scope.account, scope.region, prefix, marker);
    while (TRY(rows.next())) {
      if (!rows.text(0).starts_with(prefix)) break;
      if (base::to_lower(rows.text(0)).find(wanted) == std::string::npos) continue;
      if (page.groups.size() == limit) {
        page.next = page.groups.back().name;
        break;
      }
      page.groups.push_back(group_in(rows));
    }
    return base::ok();
  }));
  return page;
}

Status Telemetry::change_log_group(const Scope& scope, const std::string& group,
                                   const std::function<Status(LogGroup&)>& change) {
  return database_->write([&](db::Connection& connection) -> Status {
    const int64_t id = TRY(group_id(connection, scope, group));
    LogGroup changed;
    {
      auto row = connection.query(
          "SELECT name, created, retention_days, bytes, about FROM log_groups WHERE id = ?", id);
      if (!TRY(row.next())) return no_such_group();
      changed = group_in(row);
    }
    TRY(change(changed));
    TRY(connection.run("UPDATE log_groups SET retention_days = ?, about = ? WHERE id = ?",
                       changed.retention_days, about_text(changed), id));
    return base::ok();
  });
}

Status Telemetry::create_log_stream(const Scope& scope, const std::string& group,
                                    const std::string& stream) {
  const base::Time now = clock_.now();
  return database_->write([&](db::Connection& connection) -> Status {
    const int64_t id = TRY(group_id(connection, scope, group));
    if (stream_id(connection, id, stream).ok())
      return exists("The specified log stream already exists");
    TRY(make_stream(connection, id, stream, now));
    return base::ok();
  });
}

Status Telemetry::delete_log_stream(const Scope& scope, const std::string& group,
                                    const std::string& stream) {
  TRY(database_->write([&](db::Connection& connection) -> Status {
    const int64_t in = TRY(group_id(connection, scope, group));
    const int64_t id = TRY(stream_id(connection, in, stream));
    int64_t bytes = 0;
    {
      auto sum = connection.query(
          "SELECT total(length(CAST(message AS BLOB)) + 26) FROM log_events WHERE stream = ?", id);
      if (TRY(sum.next())) bytes = static_cast<int64_t>(sum.real(0));
    }
    TRY(connection.run("UPDATE log_groups SET bytes = max(0, bytes - ?) WHERE id = ?", bytes, in));
    TRY(connection.run("DELETE FROM log_streams WHERE id = ?", id));
    TRY(connection.run("INSERT OR IGNORE INTO doomed (kind, id) VALUES ('stream', ?)", id));
    return base::ok();
  }));
  return remove_doomed(*database_);
}

Result<LogStreamPage> Telemetry::log_streams(const Scope& scope, const std::string& group,
                                             const LogStreamFilter& filter,
                                             const std::string& marker, size_t limit) const {
  // A marker is the last row's place: "<time of its last event> <name>".
  const size_t space = marker.find(' ');
  const int64_t marked_time = std::strtoll(marker.c_str(), nullptr, 10);
  const std::string marked_name = space == std::string::npos ? "" : marker.substr(space + 1);
  const std::string past = filter.descending ? " < " : " > ",
                    order = filter.descending ? " DESC" : "";
  std::string sql =
      "SELECT name, created, first_event, last_event, last_ingestion FROM log_streams "
      "WHERE log_group = ?1 AND substr(name, 1, length(?2)) = ?2 AND (?3 = '' OR ";
  sql += filter.by_last_event ? "(coalesce(last_event, 0), name)" + past + "(?4, ?5)"
                              : "(name" + past + "?5 AND ?4 = ?4)";
  sql += ") ORDER BY ";
  if (filter.by_last_event) sql += "coalesce(last_event, 0)" + order + ", ";
  sql += "name" + order;
  LogStreamPage page;
  TRY(database_->read([&](db::Connection& connection) -> Status {
    page = {};
    const int64_t id = TRY(group_id(connection, scope, group));
    auto rows = connection.query(sql, id, filter.prefix, marker, marked_time, marked_name);
    while (TRY(rows.next())) {
      if (page.streams.size() == limit) {
        const LogStream& last = page.streams.back();
        page.next = std::to_string(last.last_event ? base::to_millis(*last.last_event) : 0) + " " +
                    last.name;
        break;
      }
      page.streams.push_back({std::string(rows.text(0)), base::from_millis(rows.integer(1)),
                              time_in(rows, 2), time_in(rows, 3), time_in(rows, 4)});
    }
    return base::ok();
  }));
  return page;
}

Status Telemetry::put_log_events(const Scope& scope, const std::string& group,
                                 const std::string& stream, std::span<const LogEvent> events,
                                 Missing missing) {
  const base::Time now = clock_.now();
  return database_->write([&](db::Connection& connection) -> Status {
    const Place at = TRY(place_of(connection, scope, group, stream, missing, now));
    if (events.empty()) return base::ok();
    int64_t bytes = 0;
    base::Time first = events[0].at, last = events[0].at;
    for (const LogEvent& event : events) {
      bytes += static_cast<int64_t>(event.message.size()) + kEventOverhead;
      first = std::min(first, event.at);
      last = std::max(last, event.at);
      TRY(connection.run(
          "INSERT INTO log_events (log_group, stream, at, ingested, message) VALUES (?, ?, ?, ?, "
          "?)",
          at.group, at.stream, base::to_millis(event.at), base::to_millis(now), event.message));
    }
    TRY(connection.run(
        "UPDATE log_streams SET first_event = min(coalesce(first_event, ?1), ?1), "
        "last_event = max(coalesce(last_event, ?2), ?2), last_ingestion = ?3 WHERE id = ?4",
        base::to_millis(first), base::to_millis(last), base::to_millis(now), at.stream));
    TRY(connection.run("UPDATE log_groups SET bytes = bytes + ? WHERE id = ?", bytes, at.group));
    return base::ok();
  });
}

Result<LogPage> Telemetry::log_events(const Scope& scope, const LogQuery& query) const {
  LogPage page;
  TRY(database_->read([&](db::Connection& connection) -> Status {
    page = {};
    const int64_t group = TRY(group_id(connection, scope, query.group));
    const auto streams = TRY(streams_of(connection, group, query));
    if (streams && streams->empty()) return base::ok();
    // One stream alone is read through its own index; others are picked out of the group's.
    const bool one = streams && streams->size() == 1;
    std::string sql =
        "SELECT e.at, e.id, e.stream, e.ingested, s.name, e.message FROM log_events e "
        "JOIN log_streams s ON s.id = e.stream WHERE ";
    sql += one ? "e.stream = ?" : "e.log_group = ?";
    sql += " AND (e.at, e.id) > (?, ?) AND (e.at, e.id) < (?, ?) ORDER BY ";
    sql += query.newest_first ? "e.at DESC, e.id DESC" : "e.at, e.id";
    const auto [low, high] = bounds_of(query);
    auto rows =
        connection.query(sql, one ? *streams->begin() : group, low.at, low.id, high.at, high.id);
    return read_events(rows, query, streams, page);
  }));
  return page;
}

}  // namespace howdah::telemetry
