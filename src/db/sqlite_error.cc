#include "db/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

namespace howdah::db {
namespace {

base::Code code_of(int extended, int system_error) {
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
    case SQLITE_IOERR:
      // SQLite calls only ENOSPC "full"; a quota or RLIMIT_FSIZE says the same to us
      return system_error == EDQUOT || system_error == ENOSPC || system_error == EFBIG
                 ? base::Code::kResourceExhausted
                 : base::Code::kInternal;
    default:
      return base::Code::kInternal;
  }
}

}  // namespace

base::Error last_error(sqlite3* handle, std::string_view what, std::string_view path) {
  if (handle == nullptr) {
    return {
        base::Code::kResourceExhausted, fmt::format("{}: out of memory ({})", what, path), {}, {}};
  }
  return {code_of(sqlite3_extended_errcode(handle), sqlite3_system_errno(handle)),
          fmt::format("{}: {} ({})", what, sqlite3_errmsg(handle), path),
          {},
          {}};
}

}  // namespace howdah::db
