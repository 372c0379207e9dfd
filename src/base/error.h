#pragma once

// What went wrong, as a value. An Error names one of twelve canonical codes (a code exists because
// some code reacts to it) and says in its message what, where and what to do next. What an outside
// caller must see by name (an AWS error code such as "NoSuchKey") travels in `reason`.
// Values: copy and move freely; no threads, no ownership.

#include <string>
#include <utility>
#include <vector>

namespace howdah::base {

enum class Code {
  kInvalidArgument,
  kNotFound,
  kAlreadyExists,
  kPermissionDenied,
  kUnauthenticated,
  kFailedPrecondition,
  kAborted,  // a concurrent change won: read again and decide again
  kResourceExhausted,
  kUnavailable,  // try again later
  kDeadlineExceeded,
  kCancelled,
  kInternal,
};

const char* name_of(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;
  std::string reason;  // the name an API's caller knows it by; may be empty
  std::vector<std::pair<std::string, std::string>> details;  // further members of the answer
};

inline Error invalid_argument(std::string message) {
  return {Code::kInvalidArgument, std::move(message), {}, {}};
}
inline Error not_found(std::string message) {
  return {Code::kNotFound, std::move(message), {}, {}};
}
inline Error unavailable(std::string message) {
  return {Code::kUnavailable, std::move(message), {}, {}};
}
inline Error internal(std::string message) { return {Code::kInternal, std::move(message), {}, {}}; }

/// The error of the last failed system call: "<what>: <strerror(errno)>", kNotFound for ENOENT,
/// kPermissionDenied for EACCES/EPERM, kAlreadyExists for EEXIST, kResourceExhausted for
/// ENOSPC/EMFILE/ENOMEM, else kInternal.
Error from_errno(std::string_view what);
Error from_errno(std::string_view what, int error_number);

}  // namespace howdah::base
