#include "telemetry/schema.h"

namespace howdah::telemetry {
namespace {

// series: one a metric and its dimensions (a JSON array of pairs, by name). points: one row a
// series, stretch of time (`period` seconds long, from `at`, epoch milliseconds) and unit; a datum
// is in exactly one row, which grows coarser with age (age.cc). `spread` is
// statistics.h's distribution_text(). doomed: groups and streams that are gone and whose events are
// being removed.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  last INTEGER NOT NULL,
  UNIQUE (account, region, namespace, name, dimensions));
CREATE INDEX series_by_last ON series (last);
CREATE TABLE points (
  series INTEGER NOT NULL,
  at INTEGER NOT NULL,
  period INTEGER NOT NULL,
  unit TEXT NOT NULL,
  count REAL NOT NULL,
  sum REAL NOT NULL,
  minimum REAL NOT NULL,
  maximum REAL NOT NULL,
  spread TEXT NOT NULL,
  PRIMARY KEY (series, at, period, unit)) WITHOUT ROWID;
CREATE INDEX points_by_age ON points (period, at);

CREATE TABLE log_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  created INTEGER NOT NULL,
  retention_days INTEGER,
  bytes INTEGER NOT NULL DEFAULT 0,
  about TEXT NOT NULL,
  UNIQUE (account, region, name));
CREATE TABLE log_streams (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  log_group INTEGER NOT NULL,
  name TEXT NOT NULL,
  created INTEGER NOT NULL,
  first_event INTEGER,
  last_event INTEGER,
  last_ingestion INTEGER,
  UNIQUE (log_group, name));
CREATE INDEX log_streams_by_last ON log_streams (log_group, last_event, name);
CREATE TABLE log_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  log_group INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  at INTEGER NOT NULL,
  ingested INTEGER NOT NULL,
  message TEXT NOT NULL);
CREATE INDEX log_events_by_group ON log_events (log_group, at, id);
CREATE INDEX log_events_by_stream ON log_events (stream, at, id);
CREATE TABLE doomed (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (kind, id)) WITHOUT ROWID;
)sql";

constexpr const char* kMigrations[] = {kVersion1};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

}  // namespace howdah::telemetry
