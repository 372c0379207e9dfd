#pragma once

// SQLite's result codes as base::Error. Pure but for reading the connection's last error.

#include <string_view>

#include "base/error.h"

struct sqlite3;

namespace howdah::db {

/// The last error of `handle`: "<what>: <SQLite's message> (<path>)". `handle` may be null (out of
/// memory).
base::Error last_error(sqlite3* handle, std::string_view what, std::string_view path);

}  // namespace howdah::db
