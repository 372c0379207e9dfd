#include "job/failure.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace howdah::job {
namespace {

// "ValueError: …", "java.io.IOException: …", "py4j.protocol.Py4JJavaError: …": a dotted name that
// ends in Error, Exception, Exit or Interrupt, then the end of the line or a colon.
bool names_exception(std::string_view line) {
  const size_t end = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, end);
  if (name.empty()) return false;
  const bool dotted = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '$';
  });
  return dotted && (name.ends_with("Error") || name.ends_with("Exception") ||
                    name.ends_with("Exit") || name.ends_with("Interrupt"));
}

std::string shortened(std::string_view line) {
  return std::string(base::trim(line).substr(0, 1024));
}

// The last line that names an exception; "" when none does.
std::string exception_in(const std::vector<std::string_view>& lines) {
  for (auto it = lines.rbegin(); it != lines.rend(); ++it) {
    const std::string_view line = base::trim(*it);
    for (std::string_view prefix : {"Exception in thread \"main\" ", "Caused by: "}) {
      if (line.starts_with(prefix)) return shortened(line.substr(prefix.size()));
    }
    if (names_exception(line)) return shortened(line);
  }
  return {};
}

}  // namespace

std::string last_exception(std::string_view log_tail) {
  const std::vector<std::string_view> lines = base::split(log_tail, '\n');
  if (std::string found = exception_in(lines); !found.empty()) return found;
  std::string_view last;
  for (auto it = lines.rbegin(); it != lines.rend(); ++it) {
    const std::string_view line = base::trim(*it);
    if (line.find(" ERROR ") != std::string_view::npos) return shortened(line);
    if (last.empty()) last = line;
  }
  return shortened(last);
}

Cause cause_of_failure(std::string_view stderr_tail, std::string_view stdout_tail) {
  // SparkSubmit's own word that the application ended says less than the application.
  const std::string in_stderr = exception_in(base::split(stderr_tail, '\n'));
  const bool says_little = in_stderr.find("SparkUserAppException") != std::string::npos;
  if (!in_stderr.empty() && !says_little) return {in_stderr, false};
  if (std::string found = exception_in(base::split(stdout_tail, '\n')); !found.empty())
    return {std::move(found), true};
  return {last_exception(stderr_tail), false};
}

std::string reason_of(std::string_view exception_line, bool out_of_memory) {
  const auto has = [&](std::string_view part) {
    return exception_line.find(part) != std::string_view::npos;
  };
  if (out_of_memory || has("OutOfMemoryError")) return "The step ran out of memory.";
  if (has("FileAlreadyExistsException") || has("PATH_ALREADY_EXISTS"))
    return "Output directory already exists.";
  if (has("NoSuchBucket") || has("NoSuchKey") || has("FileNotFoundException") ||
      has("PATH_NOT_FOUND") || has("Input path does not exist")) {
    return "Input not found.";
  }
  if (has("AccessDenied") || has("Access Denied")) return "Access denied.";
  return "Unknown Error.";
}

}  // namespace howdah::job
