#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "cli/doctor/check.h"
#include "cli/program.h"
#include "cli/terminal.h"
#include "os/file.h"

namespace howdah::cli {

namespace fs = std::filesystem;
using Verdict = Check::Verdict;

namespace {

constexpr uint64_t kGigabyte = 1'000'000'000;

uint64_t free_bytes(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return 0;
  return static_cast<uint64_t>(found.f_bavail) * found.f_frsize;
}

Check disk(const fs::path& folder) {
  uint64_t bytes = free_bytes(folder);
  std::string found = fmt::format("{} free for {}", megabytes(bytes), folder.string());
  // An engine: 0.4 GB downloaded, 0.7 GB unpacked; then data and shuffle files.
  if (bytes < 2 * kGigabyte)
    return {"disk", Verdict::kFail, found, "free 2 GB, or --data elsewhere"};
  if (bytes < 10 * kGigabyte) return {"disk", Verdict::kWarn, found, "shuffles may need more"};
  return {"disk", Verdict::kOk, found, ""};
}

Check memory() {
  std::string text = os::read_file("/proc/meminfo").value_or("");
  uint64_t bytes = 0;
  size_t at = text.find("MemAvailable:");
  if (at != std::string::npos) {
    std::string_view rest = base::trim(std::string_view(text).substr(at + 13, 20));
    std::from_chars(rest.data(), rest.data() + rest.size(), bytes);
    bytes *= 1024;
  }
  std::string found = megabytes(bytes) + " available";
  if (bytes < kGigabyte) return {"memory", Verdict::kFail, found, "a Spark driver needs 1 GB"};
  if (bytes < 3 * kGigabyte) return {"memory", Verdict::kWarn, found, "one small job at a time"};
  return {"memory", Verdict::kOk, found, ""};
}

Check clock_check() {
  base::Time now = base::SystemClock().now();
  struct stat built {};
  const bool known = ::stat(own_program().c_str(), &built) == 0;
  std::string found = base::to_iso8601(now);
  if (known && base::to_millis(now + std::chrono::hours(24)) / 1000 < built.st_mtime) {
    return {"clock", Verdict::kFail, found + ", before this program was built",
            "timedatectl set-ntp true"};
  }
  return {"clock", Verdict::kOk, found, ""};
}

Check locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string lower = base::to_lower(value);
    bool utf8 = lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
    if (utf8) return {"locale", Verdict::kOk, fmt::format("{}={}", name, value), ""};
    return {"locale", Verdict::kWarn, fmt::format("{}={} is not UTF-8", name, value),
            "export LANG=C.UTF-8"};
  }
  return {"locale", Verdict::kWarn, "none set: file names beyond ASCII may print wrong",
          "export LANG=C.UTF-8"};
}

}  // namespace

std::vector<Check> check_host(const Globals& globals) {
  std::vector<Check> checks{disk(globals.data_dir), memory(), clock_check(), locale()};
  if (globals.engines_dir.parent_path() != globals.data_dir) {
    checks.insert(checks.begin() + 1, disk(globals.engines_dir));
  }
  return checks;
}

}  // namespace howdah::cli
