#include "apps/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "base/digest.h"
#include "base/fd.h"
#include "base/text.h"

namespace howdah::apps {

namespace fs = std::filesystem;

base::Result<std::string> read_file(const fs::path& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return base::from_errno(path.string());
  std::string out;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0) return base::from_errno(path.string());
    if (n == 0) return out;
    out.append(buffer.data(), static_cast<size_t>(n));
  }
}

base::Status write_file(const fs::path& path, std::string_view contents) {
  const std::string temporary = fmt::format("{}.{}", path.string(), ::getpid());
  base::Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return base::from_errno(temporary);
  while (!contents.empty()) {
    const ssize_t n = ::write(fd.get(), contents.data(), contents.size());
    if (n < 0) {
      const base::Error error = base::from_errno(temporary);
      ::unlink(temporary.c_str());
      return error;
    }
    contents.remove_prefix(static_cast<size_t>(n));
  }
  fd.reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) return base::from_errno(path.string());
  return base::ok();
}

base::Result<std::string> sha256_of_file(const fs::path& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return base::from_errno(path.string());
  base::Digest digest(base::Algorithm::kSha256);
  std::string buffer(1 << 20, '\0');
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0) return base::from_errno(path.string());
    if (n == 0) return base::to_hex(digest.finish());
    digest.update({buffer.data(), static_cast<size_t>(n)});
  }
}

base::Status make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return base::from_errno(path.string(), error.value());
  return base::ok();
}

void add_sizes(const fs::path& folder, std::map<std::string, uint64_t>& sizes) {
  std::error_code error;
  // Every error only ends the look.
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    struct stat found {};
    if (::stat(at->path().c_str(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    uint64_t& size = sizes[at->path().filename()];
    size = std::max(size, static_cast<uint64_t>(found.st_size));
  }
}

std::string last_lines(const fs::path& path, size_t lines) {
  constexpr size_t kLongest = 600;
  base::Result<std::string> text = read_file(path);
  if (!text.ok()) return {};
  std::vector<std::string> kept;
  std::vector<std::string_view> all = base::split(*text, '\n');
  for (auto at = all.rbegin(); at != all.rend() && kept.size() < lines; ++at) {
    const std::string_view line = base::trim(*at);
    if (!line.empty()) kept.emplace_back(line);
  }
  std::reverse(kept.begin(), kept.end());
  std::string out = base::join(kept, "; ");
  if (out.size() > kLongest) out = "…" + out.substr(out.size() - kLongest);
  return out;
}

}  // namespace howdah::apps
