#pragma once

// telemetry.db: metric points and log events, with AWS's retention. Control and the services write
// through the same few verbs; everything is found through an index and read in pages.
// Ownership: owns its database; borrows the clock. Threads: concurrent calls allowed; writes that
// come together share a commit. Failure: kNotFound and kAlreadyExists with CloudWatch Logs' names
// and words in `reason` and `message`; a power cut may lose the last moments (synchronous=NORMAL),
// never more.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "db/database.h"
#include "telemetry/statistics.h"

namespace howdah::telemetry {

struct Scope {
  std::string account;  // "000000000000"
  std::string region;   // "us-east-1"
};

using Dimensions = std::vector<std::pair<std::string, std::string>>;

struct Metric {
  std::string space;  // its namespace: "AWS/ElasticMapReduce"
  std::string name;
  Dimensions dimensions;  // in any order; equal when they hold the same pairs
};

/// What was measured at a moment. Points of one metric, unit and minute (second, when
/// `high_resolution`) become one.
struct MetricPoint {
  Metric metric;
  base::Time at{};
  Statistics values;
  std::string unit = "None";  // StandardUnit
  bool high_resolution = false;
};

struct MetricFilter {
  std::string space;  // empty: any; so for the name
  std::string name;
  /// Every one must be there, with that value if one is given.
  std::vector<std::pair<std::string, std::optional<std::string>>> dimensions;
  base::Time active_since{};  // it has a point that is no older
};

struct MetricPage {
  std::vector<Metric> metrics;
  std::string next;  // marker of the next page; empty on the last
};

struct DataQuery {
  Metric metric;                    // exactly these dimensions
  base::Time from{};                // the first stretch begins here
  base::Time to{};                  // exclusive
  std::chrono::seconds period{60};  // of a stretch; points that are kept coarser are left out
  std::string unit;                 // empty: any, a datapoint each
  size_t limit = 100800;            // datapoints; more is kResourceExhausted
};

struct Datapoint {
  base::Time at{};  // begin of its stretch
  std::string unit;
  Statistics values;
};

struct Latest {
  Scope scope;
  Metric metric;
  Datapoint point;
};

struct LogGroup {
  std::string name;
  base::Time created{};
  std::optional<int64_t> retention_days;  // nullopt: for ever
  int64_t bytes = 0;                      // messages and 26 bytes each, as AWS counts
  std::string log_class = "STANDARD";
  std::string kms_key;
  std::vector<std::pair<std::string, std::string>> tags;
};

struct LogGroupPage {
  std::vector<LogGroup> groups;
  std::string next;
};

struct LogStream {
  std::string name;
  base::Time created{};
  std::optional<base::Time> first_event, last_event, last_ingestion;
};

struct LogStreamFilter {
  std::string prefix;
  bool by_last_event = false;  // else by name
  bool descending = false;
};

struct LogStreamPage {
  std::vector<LogStream> streams;
  std::string next;
};

struct LogEvent {
  base::Time at{};
  std::string message;
};

/// A place between events: events are ordered by time, then by arrival.
struct Position {
  int64_t at = 0;
  int64_t id = 0;
  auto operator<=>(const Position&) const = default;
};

struct StoredEvent {
  Position position;
  base::Time ingested{};
  std::string stream;
  std::string message;
};

struct LogQuery {
  std::string group;
  std::vector<std::string> streams;  // empty: all, or those that begin with stream_prefix
  std::string stream_prefix;
  std::optional<base::Time> from, to;     // from <= at < to
  std::optional<Position> after, before;  // exclusive
  bool newest_first = false;              // which ones a limit keeps, and their order
  size_t limit = 10000;
  size_t most_bytes = 1024 * 1024;                       // of messages, 26 bytes each added
  size_t most_looked_at = 50000;                         // events, accepted or not
  std::function<bool(std::string_view message)> accept;  // empty: all
};

struct LogPage {
  std::vector<StoredEvent> events;
  std::optional<Position> last;  // the last event looked at; nullopt: none was there
  bool complete = true;          // nothing is left behind `last`
};

enum class Missing { kRefuse, kMake };  // a group or stream that is not there

class Telemetry {
 public:
  /// Opens or makes the file.
  static base::Result<std::unique_ptr<Telemetry>> open(const std::string& path,
                                                       const base::Clock& clock);

  // ---- metrics ----------------------------------------------------------------------------------

  /// All or none, in one commit.
  base::Status put_metrics(const Scope& scope, std::span<const MetricPoint> points);
  /// One value, now.
  base::Status put_metric(const Scope& scope, Metric metric, double value,
                          const std::string& unit = "None");
  base::Result<MetricPage> metrics(const Scope& scope, const MetricFilter& filter,
                                   const std::string& marker, size_t limit) const;
  /// Oldest first, then by unit; stretches without points are left out.
  base::Result<std::vector<Datapoint>> datapoints(const Scope& scope, const DataQuery& query) const;
  /// The newest point of each metric that has one since `since`, of all accounts and regions.
  base::Result<std::vector<Latest>> latest(base::Time since, size_t limit) const;

  // ---- logs -------------------------------------------------------------------------------------

  /// `group.created` is set to now. kAlreadyExists.
  base::Status create_log_group(const Scope& scope, const LogGroup& group);
  base::Status delete_log_group(const Scope& scope, const std::string& group);
  base::Result<LogGroup> log_group(const Scope& scope, const std::string& group) const;
  /// By name. A name begins with `prefix` and contains `pattern` (whatever their case in pattern).
  base::Result<LogGroupPage> log_groups(const Scope& scope, const std::string& prefix,
                                        const std::string& pattern, const std::string& marker,
                                        size_t limit) const;
  /// Retention and tags; what else `change` changes is not kept.
  base::Status change_log_group(const Scope& scope, const std::string& group,
                                const std::function<base::Status(LogGroup&)>& change);

  base::Status create_log_stream(const Scope& scope, const std::string& group,
                                 const std::string& stream);
  base::Status delete_log_stream(const Scope& scope, const std::string& group,
                                 const std::string& stream);
  base::Result<LogStreamPage> log_streams(const Scope& scope, const std::string& group,
                                          const LogStreamFilter& filter, const std::string& marker,
                                          size_t limit) const;

  /// All or none, in one commit. With Missing::kMake group and stream are made on demand.
  base::Status put_log_events(const Scope& scope, const std::string& group,
                              const std::string& stream, std::span<const LogEvent> events,
                              Missing missing = Missing::kRefuse);
  /// kNotFound for a group, or a stream of query.streams, that is not there.
  base::Result<LogPage> log_events(const Scope& scope, const LogQuery& query) const;

  // ---- retention --------------------------------------------------------------------------------

  /// Rolls points up as they age (AWS: seconds for 3 hours, minutes for 15 days, 5 minutes for 63
  /// days, hours for 455 days), removes log events that are older than their group keeps them, and
  /// what deleted groups left. In many small commits; cheap when there is nothing to do.
  base::Status age(base::Time now);

 private:
  Telemetry(std::unique_ptr<db::Database> database, const base::Clock& clock);

  std::unique_ptr<db::Database> database_;
  const base::Clock& clock_;
};

/// By name; a JSON array of pairs, which is how series are told apart.
std::string dimensions_text(Dimensions dimensions);
Dimensions read_dimensions(std::string_view text);

}  // namespace howdah::telemetry
