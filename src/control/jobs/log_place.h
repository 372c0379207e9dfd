#pragma once

// Where logs go in S3, and what is read from and written to a log that is open. log_place() is
// pure.

#include <optional>
#include <string>

#include "base/result.h"

namespace howdah::control {

/// A LogUri taken apart: bucket, and prefix without slashes at its ends. nullopt: not an S3 URI.
struct LogPlace {
  std::string bucket;
  std::string prefix;  // may be empty
  std::string key(const std::string& rest) const {
    return prefix.empty() ? rest : prefix + "/" + rest;
  }
  std::string uri(const std::string& rest) const { return "s3://" + bucket + "/" + key(rest); }
};
std::optional<LogPlace> log_place(const std::string& log_uri);
/// Appends `text` to an open log (provider.open_log) unless its end already holds `unless`.
base::Status append_once(int log, const std::string& text, const std::string& unless);

/// The first and the last `limit` bytes of an open file.
std::string head_of(int fd, size_t limit);
std::string tail_of(int fd, size_t limit);

}  // namespace howdah::control
