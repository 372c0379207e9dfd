#pragma once

// One line of `howdah doctor`: what was looked at, what was found, and what mends it. The checks
// change nothing and take at most a few seconds each. Values and free functions; one thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/session.h"

namespace howdah::cli {

struct Check {
  enum class Verdict { kOk, kWarn, kFail };
  std::string name;
  Verdict verdict = Verdict::kOk;
  std::string found;
  std::string fix;  // for kWarn and kFail: what to type
};

std::vector<Check> check_kernel();                      // namespaces, overlayfs, cgroups, subuids
std::vector<Check> check_host(const Globals& globals);  // disk, memory, clock, locale
std::vector<Check> check_programs();                    // java, python3, aws
std::vector<Check> check_server(const Globals& globals, uint16_t port);  // port, engine, endpoint

/// "aws-cli/1.45.11 Python/3.11" -> honours AWS_ENDPOINT_URL: from 1.29 and 2.13 (AWS SDKs
/// reference, "Service-specific endpoints"). Not a version: false.
bool honours_endpoint_url(std::string_view aws_version_text);

}  // namespace howdah::cli
