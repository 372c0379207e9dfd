#pragma once

// Why a job failed, read from the end of its own output. Pure.

#include <string>
#include <string_view>

namespace howdah::job {

/// The last line that names an exception or error, without its stack: of Python ("ValueError: x"),
/// Java ("Exception in thread "main" java.io.IOException: x", "Caused by: …") or Spark's own log
/// ("ERROR …"); else the last line that is not empty; "" for an empty text. At most 1,024 bytes.
std::string last_exception(std::string_view log_tail);

/// Of a job's two outputs, the line that says why it failed. A Python driver's traceback is in
/// stdout: Spark joins the two streams of the Python that it starts, and says nothing of it in
/// stderr.
struct Cause {
  std::string line;
  bool in_stdout = false;
};
Cause cause_of_failure(std::string_view stderr_tail, std::string_view stdout_tail);

/// AWS's FailureDetails.Reason for it: "Unknown Error." where nothing better is known. Known ones:
/// missing input, missing script, out of memory, access denied.
std::string reason_of(std::string_view exception_line, bool out_of_memory);

}  // namespace howdah::job
