#pragma once

// One SQLite connection and its prepared statements. Ownership: owns the handle and every
// statement; Query objects borrow them and must end first. Threads: one at a time. Failure: see
// sqlite_error.h.

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "db/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace howdah::db {

struct Connection::State {
  State() = default;
  State(const State&) = delete;
  ~State();

  /// Opens `path`; a reader's connection refuses to write. Foreign keys are on, WAL is not yet.
  static base::Result<std::unique_ptr<State>> open(const std::string& path, bool reader,
                                                   std::chrono::milliseconds busy_timeout);

  /// Runs SQL without parameters and rows, several statements if need be.
  base::Status exec(const char* sql);
  base::Error error(std::string_view what) const;
  bool in_transaction() const;

  /// A statement to bind, from the cache if it is there and free. Null: see error().
  sqlite3_stmt* take(std::string_view sql, std::string* fault);
  void give_back(sqlite3_stmt* statement);

  sqlite3* handle = nullptr;
  std::string path;
  int borrowed = 0;  // statements that live Query objects hold

 private:
  // Least recently given back first; keys view SQLite's own copy of the text.
  std::list<sqlite3_stmt*> free_;
  std::unordered_map<std::string_view, std::list<sqlite3_stmt*>::iterator> by_text_;
};

}  // namespace howdah::db
