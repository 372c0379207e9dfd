#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "db/connection_state.h"
#include "db/sqlite_error.h"

namespace howdah::db {
namespace {

constexpr size_t kCachedStatements = 200;

int bind(sqlite3_stmt* statement, int index, const Value& value, sqlite3_destructor_type copies) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    return sqlite3_bind_int64(statement, index, *number);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, index, *real);
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // a null data pointer would bind NULL: an empty view is an empty text
    return sqlite3_bind_text64(statement, index, text->data() ? text->data() : "", text->size(),
                               copies, SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Blob>(&value)) {
    return sqlite3_bind_blob64(statement, index, blob->bytes.data() ? blob->bytes.data() : "",
                               blob->bytes.size(), copies);
  }
  return sqlite3_bind_null(statement, index);
}

/// A prepared and bound statement, or null and the error.
sqlite3_stmt* prepare(Connection::State& connection, std::string_view sql,
                      std::span<const Value> values, sqlite3_destructor_type copies,
                      base::Error* error) {
  std::string fault;
  sqlite3_stmt* statement = connection.take(sql, &fault);
  if (statement == nullptr) {
    *error =
        fault.empty() ? connection.error(sql) : base::internal(fmt::format("{}: {}", sql, fault));
    return nullptr;
  }
  const int expected = sqlite3_bind_parameter_count(statement);
  if (static_cast<size_t>(expected) != values.size()) {
    *error = base::internal(
        fmt::format("{}: {} values for {} placeholders", sql, values.size(), expected));
    connection.give_back(statement);
    return nullptr;
  }
  for (int i = 0; i < expected; ++i) {
    if (bind(statement, i + 1, values[static_cast<size_t>(i)], copies) != SQLITE_OK) {
      *error = connection.error(sql);
      connection.give_back(statement);
      return nullptr;
    }
  }
  return statement;
}

}  // namespace

// ---- the connection and its statement cache

base::Result<std::unique_ptr<Connection::State>> Connection::State::open(
    const std::string& path, bool reader, std::chrono::milliseconds busy_timeout) {
  auto state = std::make_unique<State>();
  state->path = path;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &state->handle, flags, nullptr) != SQLITE_OK) {
    return last_error(state->handle, "open database", path);
  }
  sqlite3_busy_timeout(state->handle, static_cast<int>(busy_timeout.count()));
  TRY(
      state->exec("PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=33554432;"
                  "PRAGMA trusted_schema=OFF;"));
  TRY(state->exec(reader ? "PRAGMA query_only=ON; PRAGMA cache_size=-1024"
                         : "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-4096"));
  return state;
}

Connection::State::~State() {
  for (sqlite3_stmt* statement : free_) sqlite3_finalize(statement);
  // close, not close_v2: a statement still borrowed is a bug that must not hide
  CHECK(sqlite3_close(handle) == SQLITE_OK);
}

base::Status Connection::State::exec(const char* sql) {
  if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error(sql);
  return base::ok();
}

base::Error Connection::State::error(std::string_view what) const {
  return last_error(handle, what, path);
}

bool Connection::State::in_transaction() const { return sqlite3_get_autocommit(handle) == 0; }

sqlite3_stmt* Connection::State::take(std::string_view sql, std::string* fault) {
  sql = sql.substr(0, sql.find_last_not_of(" \t\r\n") + 1);  // as SQLite keeps it: the cache's key
  if (const auto at = by_text_.find(sql); at != by_text_.end()) {
    sqlite3_stmt* statement = *at->second;
    free_.erase(at->second);
    by_text_.erase(at);
    ++borrowed;
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, &tail) != SQLITE_OK) {
    return nullptr;
  }
  const std::string_view rest(tail, static_cast<size_t>(sql.data() + sql.size() - tail));
  if (statement == nullptr || rest.find_first_not_of("; \t\r\n") != std::string_view::npos) {
    sqlite3_finalize(statement);
    *fault = "exactly one SQL statement a call";
    return nullptr;
  }
  ++borrowed;
  return statement;
}

void Connection::State::give_back(sqlite3_stmt* statement) {
  --borrowed;
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  const std::string_view text = sqlite3_sql(statement);
  if (by_text_.contains(text)) {  // the same text was in use twice at a time
    sqlite3_finalize(statement);
    return;
  }
  by_text_.emplace(text, free_.insert(free_.end(), statement));
  if (free_.size() > kCachedStatements) {
    by_text_.erase(sqlite3_sql(free_.front()));
    sqlite3_finalize(free_.front());
    free_.pop_front();
  }
}

// ---- what callers hold

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() = default;

int64_t Connection::last_insert_rowid() const { return sqlite3_last_insert_rowid(state_->handle); }

base::Result<int64_t> Connection::execute(std::string_view sql, std::span<const Value> values) {
  base::Error error;
  sqlite3_stmt* statement = prepare(*state_, sql, values, SQLITE_STATIC, &error);
  if (statement == nullptr) return error;
  const int64_t before = sqlite3_total_changes64(state_->handle);
  int code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
  }
  if (code != SQLITE_DONE) {
    error = state_->error(sql);  // before the reset, which may replace it
    state_->give_back(statement);
    return error;
  }
  // changes() keeps the count of the last writing statement; a statement that wrote nothing gives 0
  const bool wrote = sqlite3_total_changes64(state_->handle) != before;
  const int64_t changed = wrote ? sqlite3_changes64(state_->handle) : 0;
  state_->give_back(statement);
  return changed;
}

struct Query::State {
  Connection::State* connection;
  sqlite3_stmt* statement;
  std::optional<base::Error> error;
  bool row = false;
  bool done = false;
};

Query Connection::start(std::string_view sql, std::span<const Value> values) {
  auto state = std::make_unique<Query::State>();
  base::Error error;
  state->connection = state_.get();
  state->statement = prepare(*state_, sql, values, SQLITE_TRANSIENT, &error);
  if (state->statement == nullptr) state->error = std::move(error);
  return Query(std::move(state));
}

Query::Query(std::unique_ptr<State> state) : state_(std::move(state)) {}
Query::Query(Query&&) noexcept = default;

Query::~Query() {
  if (state_ && state_->statement) state_->connection->give_back(state_->statement);
}

base::Result<bool> Query::next() {
  if (state_->error) return *state_->error;
  if (state_->done) return false;
  const int code = sqlite3_step(state_->statement);
  state_->row = code == SQLITE_ROW;
  if (state_->row) return true;
  state_->done = true;
  if (code == SQLITE_DONE) return false;
  state_->error = state_->connection->error(sqlite3_sql(state_->statement));
  return *state_->error;
}

std::string_view Query::text(int column) const {
  CHECK(state_->row);
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(state_->statement, column));
  return data ? std::string_view(
                    data, static_cast<size_t>(sqlite3_column_bytes(state_->statement, column)))
              : std::string_view();
}

std::string_view Query::blob(int column) const {
  CHECK(state_->row);
  const auto* data = static_cast<const char*>(sqlite3_column_blob(state_->statement, column));
  return data ? std::string_view(
                    data, static_cast<size_t>(sqlite3_column_bytes(state_->statement, column)))
              : std::string_view();
}

int64_t Query::integer(int column) const {
  CHECK(state_->row);
  return sqlite3_column_int64(state_->statement, column);
}

double Query::real(int column) const {
  CHECK(state_->row);
  return sqlite3_column_double(state_->statement, column);
}

bool Query::is_null(int column) const {
  CHECK(state_->row);
  return sqlite3_column_type(state_->statement, column) == SQLITE_NULL;
}

}  // namespace howdah::db
