#include "db/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

namespace howdah::db {
namespace {

base::Code code_of(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return base::Code::kAlreadyExists;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
      return base::Code::kFailedPrecondition;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return base::Code::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return base::Code::kResourceExhausted;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return base::Code::kPermissionDenied;
    case SQLITE_INTERRUPT:
      return base::Code::kCancelled;
    default:
      return base::Code::kInternal;
  }
}

bool is_no_room(int error_number) {
  return error_number == EDQUOT || error_number == ENOSPC || error_number == EFBIG;
}

/// The last failed system call on the database's file or its log ran out of room. SQLite itself
/// calls only ENOSPC "full"; a quota or RLIMIT_FSIZE says the same to us.
bool ran_out_of_room(sqlite3* handle) {
  int of_database = 0, of_log = 0;
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &of_database);
  sqlite3_file* log = nullptr;
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &of_log);
  }
  return is_no_room(of_database) || is_no_room(of_log);
}

}  // namespace

base::Error last_error(sqlite3* handle, std::string_view what, std::string_view path) {
  if (handle == nullptr) {
    return {
        base::Code::kResourceExhausted, fmt::format("{}: out of memory ({})", what, path), {}, {}};
  }
  // asking below may change the connection's error
  base::Error error{code_of(sqlite3_extended_errcode(handle)),
                    fmt::format("{}: {} ({})", what, sqlite3_errmsg(handle), path),
                    {},
                    {}};
  const int kind = sqlite3_errcode(handle) % 256;
  if (kind == SQLITE_FULL || (kind == SQLITE_IOERR && ran_out_of_room(handle))) {
    error.code = base::Code::kResourceExhausted;
    error.message += "; nothing of this write was kept: free space there and send it again";
  }
  return error;
}

}  // namespace howdah::db
