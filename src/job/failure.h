#pragma once

// Why a job failed, read from the end of its own output. Pure; any bytes are safe.

#include <string>
#include <string_view>

namespace howdah::job {

/// The last line that names an exception or error, without its stack: of Python ("ValueError: x"),
/// Java ("Exception in thread "main" java.io.IOException: x", "Caused by: …"), MapReduce ("Error:
/// java.io.IOException: x"), Hive ("FAILED: SemanticException …") or Spark's own log ("ERROR …");
/// else the last line that is not empty nor of a log below ERROR; "" when there is none. With what
/// Java threw behind py4j's own words. At most 1,024 bytes.
std::string last_exception(std::string_view log_tail);

/// Of a job's two outputs, the line that says why it failed. A Python driver's traceback is in
/// stdout: Spark joins the two streams of the Python that it starts, and says nothing of it in
/// stderr.
struct Cause {
  std::string line;
  bool in_stdout = false;
  /// Which of the outputs says so: "stderr", "stdout", "syslog"; of the first container of the
  /// application, "driver-stderr", "driver-stdout".
  std::string_view where = "stderr";
};
Cause cause_of_failure(std::string_view stderr_tail, std::string_view stdout_tail);

/// The ends of what a job wrote; empty where there is nothing.
struct Outputs {
  std::string_view stderr_tail, stdout_tail;
  std::string_view syslog_tail;  // Hadoop's log of `hadoop jar`: what MapReduce says
  /// Of container 000001 of the YARN application's last attempt: the driver in cluster mode.
  std::string_view driver_stderr_tail, driver_stdout_tail;
};
Cause cause_of_failure(const Outputs& outputs);

/// What YARN says of an application in its client's report ("diagnostics: …"), the last one that is
/// not "N/A"; "" when there is none. At most 1,024 bytes.
std::string last_diagnostics(std::string_view log_tail);

/// Somebody ran out of disk: "No space left on device", as the C library, Python, Java and HDFS
/// say it.
bool is_full_disk(std::string_view log_line);

/// HDFS takes nothing: no DataNode has room for a block or is there, or the NameNode is in safe
/// mode, where a nearly full disk puts it.
bool is_full_hdfs(std::string_view log_line);

inline constexpr std::string_view kUnknownReason = "Unknown Error.";
inline constexpr std::string_view kFullDiskReason = "No space left on the disk.";

/// AWS's FailureDetails.Reason for it: kUnknownReason where nothing better is known. Known ones:
/// missing input, missing script, out of memory, a full disk, access denied.
std::string reason_of(std::string_view exception_line, bool out_of_memory);

}  // namespace howdah::job
