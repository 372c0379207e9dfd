#include "job/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace howdah::job {
namespace {

// "a.B" of "a.B: …"; empty when the line does not begin with a dotted name and then a colon or its
// end.
std::string_view dotted_name(std::string_view line) {
  const std::string_view name = line.substr(0, std::min(line.find(':'), line.size()));
  const bool dotted = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '$';
  });
  return dotted ? name : std::string_view();
}

// "ValueError: …", "java.io.IOException: …", "py4j.protocol.Py4JJavaError: …": a dotted name that
// ends in Error, Exception, Exit or Interrupt, then the end of the line or a colon.
bool names_exception(std::string_view line) {
  const std::string_view name = dotted_name(line);
  return name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Exit") ||
         name.ends_with("Interrupt");
}

// Python's exceptions may have any name ("botocore.errorfactory.NoSuchKey: …"): they are what
// stands below a traceback, whose own lines are indented.
bool ends_traceback(const std::vector<std::string_view>& lines, size_t at) {
  if (dotted_name(lines[at]).empty()) return false;
  size_t above = at;
  while (above > 0 && lines[above - 1].starts_with("  ")) --above;
  return above < at && above > 0 && lines[above - 1].starts_with("Traceback (most recent call ");
}

std::string shortened(std::string_view line) {
  return std::string(base::trim(line).substr(0, 1024));
}

// What a line says of a failure; empty when it says nothing of one.
std::string_view exception_of(std::string_view line) {
  for (std::string_view prefix : {"Exception in thread \"main\" ", "Caused by: "}) {
    if (line.starts_with(prefix)) return line.substr(prefix.size());
  }
  // A MapReduce task's; "Error: " of a shell or of Python's tools is followed by other words.
  if (line.starts_with("Error: ") && names_exception(line.substr(7))) return line.substr(7);
  // Hive, and Beeline in front of it.
  if (line.starts_with("FAILED: ")) return line;
  if (line.starts_with("Error: Error while ")) return line.substr(7);
  if (is_full_disk(line) || is_full_hdfs(line)) return line;  // a shell's, hdfs dfs's
  return names_exception(line) ? line : std::string_view();
}

// A client's own word that what it waited for has failed: the reason is elsewhere.
bool says_little(std::string_view line) {
  const auto has = [&](std::string_view part) { return line.find(part) != std::string_view::npos; };
  return line.empty() || has("SparkUserAppException") || has("finished with failed status") ||
         has("finished with killed status") || line.ends_with(" is killed") ||
         has("ExitCodeException exitCode=") ||
         (has("org.apache.spark.SparkException: Application application_") && has("failed")) ||
         line.starts_with("java.io.IOException: Job failed!") ||
         line.starts_with("java.lang.Exception: Job failed");
}

// py4j puts what Java threw on the next line, behind a colon.
std::string with_cause(std::string_view found, std::string_view next) {
  if (!found.ends_with(".") || !next.starts_with(": ") || found.find("Py4J") == found.npos)
    return shortened(found);
  return shortened(fmt::format("{} {}", found, next));
}

// The last line that names an exception; "" when none does. One that says little gives way to an
// earlier one that says more.
std::string exception_in(std::string_view text) {
  const std::vector<std::string_view> lines = base::split(text, '\n');
  std::string_view little;
  for (size_t at = lines.size(); at-- > 0;) {
    std::string_view found = exception_of(base::trim(lines[at]));
    if (found.empty() && ends_traceback(lines, at)) found = base::trim(lines[at]);
    if (found.empty()) continue;
    if (!says_little(found))
      return with_cause(found, at + 1 < lines.size() ? base::trim(lines[at + 1]) : "");
    if (little.empty()) little = found;
  }
  return shortened(little);
}

// What the last line of the level ERROR says; "" when there is none.
std::string error_in(std::string_view log) {
  constexpr std::string_view kLevel = " ERROR ";
  const size_t at = log.rfind(kLevel);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = log.substr(at + kLevel.size());
  return shortened(rest.substr(0, std::min(rest.find('\n'), rest.size())));
}

// What goes well, too: Spark's log below the level ERROR, and what spark-submit here says of its
// start.
bool is_chatter(std::string_view line) {
  const auto has = [&](std::string_view part) { return line.find(part) != std::string_view::npos; };
  return has(" INFO ") || has(" WARN ") || has(" DEBUG ") || line.starts_with("howdah: ");
}

}  // namespace

std::string last_exception(std::string_view log_tail) {
  if (std::string found = exception_in(log_tail); !found.empty()) return found;
  const std::vector<std::string_view> lines = base::split(log_tail, '\n');
  std::string_view last;
  for (auto it = lines.rbegin(); it != lines.rend(); ++it) {
    const std::string_view line = base::trim(*it);
    if (line.find(" ERROR ") != std::string_view::npos) return shortened(line);
    if (last.empty() && !is_chatter(line)) last = line;
  }
  return shortened(last);
}

Cause cause_of_failure(std::string_view stderr_tail, std::string_view stdout_tail) {
  return cause_of_failure(Outputs{stderr_tail, stdout_tail, {}, {}, {}});
}

Cause cause_of_failure(const Outputs& outputs) {
  const std::string in_stderr = exception_in(outputs.stderr_tail);
  if (!says_little(in_stderr)) return {in_stderr, false, "stderr"};
  // A Python driver's traceback is in stdout, also in YARN's first container.
  const std::pair<std::string_view, std::string_view> others[] = {
      {outputs.driver_stdout_tail, "driver-stdout"},
      {outputs.driver_stderr_tail, "driver-stderr"},
      {outputs.stdout_tail, "stdout"},
      {outputs.syslog_tail, "syslog"},
  };
  for (const auto& [text, where] : others) {
    std::string found = exception_in(text);
    if (!says_little(found)) return {std::move(found), where == "stdout", where};
  }
  if (std::string found = last_diagnostics(outputs.stderr_tail); !found.empty())
    return {std::move(found), false, "stderr"};
  if (!in_stderr.empty()) return {in_stderr, false, "stderr"};
  // `hadoop jar` says everything in the syslog, and little or nothing in stderr.
  if (std::string found = error_in(outputs.syslog_tail); !found.empty())
    return {std::move(found), false, "syslog"};
  if (base::trim(outputs.stderr_tail).empty() && !outputs.syslog_tail.empty())
    return {last_exception(outputs.syslog_tail), false, "syslog"};
  return {last_exception(outputs.stderr_tail), false, "stderr"};
}

std::string last_diagnostics(std::string_view log_tail) {
  constexpr std::string_view kMark = "diagnostics: ";
  const std::vector<std::string_view> lines = base::split(log_tail, '\n');
  for (auto it = lines.rbegin(); it != lines.rend(); ++it) {
    const size_t at = it->find(kMark);
    if (at == std::string_view::npos) continue;
    const std::string_view said = base::trim(it->substr(at + kMark.size()));
    // While it waits, YARN says "[…] Application is added to the scheduler …"
    if (!said.empty() && said != "N/A" && said.find("is added to the scheduler") == said.npos)
      return shortened(said);
  }
  return {};
}

bool is_full_disk(std::string_view log_line) {
  for (const std::string_view words :
       {"No space left on device", "Disk quota exceeded", "DiskOutOfSpaceException",
        "Insufficient space for shared memory file", "not enough disk space"}) {
    if (log_line.find(words) != std::string_view::npos) return true;
  }
  return false;
}

bool is_full_hdfs(std::string_view log_line) {
  return log_line.find("could only be written to 0 of the ") != log_line.npos ||
         log_line.find("Name node is in safe mode") != log_line.npos;
}

std::string reason_of(std::string_view exception_line, bool out_of_memory) {
  const auto has = [&](std::string_view part) {
    return exception_line.find(part) != std::string_view::npos;
  };
  if (out_of_memory || has("OutOfMemoryError") || has("beyond physical memory limits") ||
      has("exceeding memory limits") || has("exceeding physical memory limits")) {
    return "The step ran out of memory.";
  }
  if (is_full_disk(exception_line)) return std::string(kFullDiskReason);
  if (has("FileAlreadyExistsException") || has("PATH_ALREADY_EXISTS"))
    return "Output directory already exists.";
  if (has("NoSuchBucket") || has("NoSuchKey") || has("FileNotFoundException") ||
      has("PATH_NOT_FOUND") || has("Input path does not exist") || has("Path does not exist")) {
    return "Input not found.";
  }
  if (has("AccessDenied") || has("Access Denied") || has("AccessControlException"))
    return "Access denied.";
  return std::string(kUnknownReason);
}

}  // namespace howdah::job
