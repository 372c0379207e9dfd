#pragma once

// What several of this module's files do with rows of telemetry.db. Within a read or write of the
// database; failure as db/database.h says.

#include <string>

#include "base/result.h"
#include "db/database.h"
#include "telemetry/telemetry.h"

namespace howdah::telemetry {

/// Adds `values` to the row of that series, stretch and unit.
base::Status merge_point(db::Connection& connection, int64_t series, int64_t at, int64_t period,
                         std::string_view unit, const Statistics& values);
/// count, sum, minimum, maximum, spread from `column` on.
Statistics statistics_in(const db::Query& row, int column);

base::Error no_such_group();
base::Error no_such_stream();
base::Result<int64_t> group_id(db::Connection& connection, const Scope& scope,
                               std::string_view group);
base::Result<int64_t> stream_id(db::Connection& connection, int64_t group, std::string_view stream);

/// Removes events of what is doomed, a commit for every few thousand.
base::Status remove_doomed(db::Database& database);

inline int64_t floor_to(int64_t at, int64_t step) {
  const int64_t rest = at % step;
  return at - (rest < 0 ? rest + step : rest);
}

}  // namespace howdah::telemetry
