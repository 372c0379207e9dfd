#pragma once

// What the process says to the shell at its end. Scripts depend on these numbers
// (docs/quickstart.md). 130 (interrupted) is the shell's own. Pure.

#include "base/error.h"

namespace howdah::cli {

enum ExitCode { kOk = 0, kFailed = 1, kUsage = 2, kNotFound = 3, kDenied = 4, kTimeout = 5 };

inline ExitCode exit_code_of(base::Code code) {
  switch (code) {
    case base::Code::kNotFound:
      return kNotFound;
    case base::Code::kPermissionDenied:
    case base::Code::kUnauthenticated:
      return kDenied;
    case base::Code::kDeadlineExceeded:
      return kTimeout;
    default:
      return kFailed;
  }
}

}  // namespace howdah::cli
