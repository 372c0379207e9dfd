#include "control/jobs/log_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "os/file.h"

namespace howdah::control {

std::optional<LogPlace> log_place(const std::string& log_uri) {
  std::string_view rest = log_uri;
  const size_t colon = rest.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = rest.substr(0, colon);
  if (scheme != "s3" && scheme != "s3n" && scheme != "s3a") return std::nullopt;
  rest.remove_prefix(colon + 3);
  const size_t slash = std::min(rest.find('/'), rest.size());
  LogPlace out{std::string(rest.substr(0, slash)), std::string(rest.substr(slash))};
  while (out.prefix.starts_with('/')) out.prefix.erase(0, 1);
  while (out.prefix.ends_with('/')) out.prefix.pop_back();
  if (out.bucket.empty()) return std::nullopt;
  return out;
}

base::Status append_once(int log, const std::string& text, const std::string& unless) {
  if (!unless.empty() && tail_of(log, 64 * 1024).find(unless) != std::string::npos)
    return base::ok();
  return os::write_all(log, text, "a log");
}

namespace {

std::string piece_of(int fd, size_t want, off_t from) {
  std::string out(want, '\0');
  const ssize_t got = ::pread(fd, out.data(), want, from);
  out.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return out;
}

}  // namespace

std::string head_of(int fd, size_t limit) { return piece_of(fd, limit, 0); }

std::string tail_of(int fd, size_t limit) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return {};
  const size_t want = std::min(limit, static_cast<size_t>(info.st_size));
  return piece_of(fd, want, info.st_size - static_cast<off_t>(want));
}

}  // namespace howdah::control
