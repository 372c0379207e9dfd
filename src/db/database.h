#pragma once

// SQLite: one file, WAL, one writer thread with group commit, many readers. A write function runs
// in a savepoint of the current group; the group is committed (and, with Sync::kFull, on disk)
// before any of its writers hears of success. Ownership: a Database owns its connections and its
// writer thread. Threads: read() and write() may be called concurrently; a write function must not
// call write(), and neither kind may begin or end a transaction by itself. Failure: an error from a
// write function rolls that function's savepoint back, alone; a full disk comes back as
// kResourceExhausted, other I/O errors as kInternal, both naming the file, and then fail the whole
// group, as a failed COMMIT does. A broken UNIQUE or PRIMARY KEY is kAlreadyExists, another
// constraint kFailedPrecondition, a database that another process holds locked beyond
// the busy timeout kUnavailable.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace howdah::db {

/// One prepared statement, bound and stepped. Gives its statement back to the cache when it ends.
///   auto q = connection.query("SELECT a, b FROM t WHERE k = ?", key);
///   while (TRY(q.next())) use(q.text(0), q.integer(1));
class Query {
 public:
  Query(Query&&) noexcept;
  ~Query();
  base::Result<bool> next();                // true: a row is there
  std::string_view text(int column) const;  // valid until the next next()
  std::string_view blob(int column) const;  // likewise
  int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;

 private:
  friend class Connection;
  struct State;
  explicit Query(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a statement's ? stands for. query() copies text and blobs: a temporary may be passed.
struct Blob {
  std::string_view bytes;
};
using Value = std::variant<std::nullptr_t, int64_t, double, std::string_view, Blob>;

class Connection {
 public:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  ~Connection();

  /// One statement with '?' placeholders; an error of preparing or binding comes from the first
  /// next().
  template <typename... Args>
  Query query(std::string_view sql, const Args&... args) {
    const Value values[] = {to_value(args)..., nullptr};
    return start(sql, std::span<const Value>(values, sizeof...(args)));
  }
  /// Runs a statement that gives no rows; answers how many rows it changed.
  template <typename... Args>
  base::Result<int64_t> run(std::string_view sql, const Args&... args) {
    const Value values[] = {to_value(args)..., nullptr};
    return execute(sql, std::span<const Value>(values, sizeof...(args)));
  }
  int64_t last_insert_rowid() const;

 private:
  static Value to_value(std::nullptr_t) { return nullptr; }
  static Value to_value(const Blob& blob) { return blob; }
  static Value to_value(std::string_view text) { return text; }
  static Value to_value(const std::string& text) { return std::string_view(text); }
  static Value to_value(const char* text) { return std::string_view(text); }
  template <std::integral T>
  static Value to_value(T number) {
    return static_cast<int64_t>(number);
  }
  static Value to_value(double number) { return number; }
  template <typename T>
  static Value to_value(const std::optional<T>& value) {
    return value ? to_value(*value) : Value(nullptr);
  }
  Query start(std::string_view sql, std::span<const Value> values);
  base::Result<int64_t> execute(std::string_view sql, std::span<const Value> values);
  std::unique_ptr<State> state_;
};

enum class Sync { kFull, kNormal };

struct Options {
  std::string path;  // ":memory:" is not supported: readers would see another database
  Sync sync = Sync::kFull;
  /// Numbered from 1 (PRAGMA user_version), each applied once, in order, in its own transaction.
  std::span<const char* const> migrations;
  std::chrono::milliseconds busy_timeout{5000};  // how long to wait for another process's lock
  /// Bytes of the disk that its log takes beforehand, where the file system lets it: so much can be
  /// written when nobody else can write any more.
  int64_t reserve = 0;
};

class Database {
 public:
  virtual ~Database() = default;
  /// Opens or makes the file, applies migrations. kFailedPrecondition when the file is of a later
  /// version.
  static base::Result<std::unique_ptr<Database>> open(const Options& options);

  /// Runs `function` on a reader's snapshot.
  virtual base::Status read(const std::function<base::Status(Connection&)>& function) = 0;
  /// Runs `function` in the writer; returns when what it wrote is committed.
  virtual base::Status write(const std::function<base::Status(Connection&)>& function) = 0;
};

}  // namespace howdah::db
