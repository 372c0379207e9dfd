#include "apps/java.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "apps/files.h"
#include "base/text.h"

namespace howdah::apps {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> places() {
  std::vector<fs::path> out;
  if (const char* home = std::getenv("JAVA_HOME"); home && *home) out.emplace_back(home);
  std::error_code error;
  std::vector<fs::path> packaged;
  for (fs::directory_iterator at("/usr/lib/jvm", error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    packaged.push_back(at->path());
  }
  std::sort(packaged.begin(), packaged.end());
  out.insert(out.end(), packaged.begin(), packaged.end());
  if (const char* path = std::getenv("PATH")) {
    for (std::string_view folder : base::split(path, ':')) {
      const fs::path java = fs::canonical(fs::path(folder) / "java", error);
      if (!error) out.push_back(java.parent_path().parent_path());
    }
  }
  return out;
}

}  // namespace

int java_major(std::string_view release_file) {
  constexpr std::string_view kKey = "JAVA_VERSION=\"";
  const size_t at = release_file.find(kKey);
  if (at == std::string_view::npos) return 0;
  std::string_view version = release_file.substr(at + kKey.size());
  if (version.starts_with("1.")) version.remove_prefix(2);
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

base::Result<fs::path> find_java(int major, const std::vector<fs::path>& candidates) {
  for (const fs::path& candidate : candidates) {
    std::error_code error;
    const fs::path home = fs::canonical(candidate, error);
    if (error || ::access((home / "bin/java").c_str(), X_OK) != 0) continue;
    base::Result<std::string> release = read_file(home / "release");
    if (release.ok() && java_major(*release) == major) return home;
  }
  return base::Error{
      base::Code::kFailedPrecondition,
      fmt::format("no Java {0} found in JAVA_HOME, /usr/lib/jvm or PATH: install the Debian "
                  "package openjdk-{0}-jre-headless, or set JAVA_HOME",
                  major),
      {},
      {}};
}

base::Result<fs::path> find_java(int major) { return find_java(major, places()); }

}  // namespace howdah::apps
