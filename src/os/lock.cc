#include "os/lock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "os/file.h"

namespace howdah::os {
namespace {

// A server that was killed while it was making a process leaves a copy of itself that has not
// become that process yet, and still holds its lock: for moments.
constexpr int kTries = 250;
constexpr int kPauseMillis = 20;

bool is_gone(const std::string& pid) {
  const int number = std::atoi(pid.c_str());
  return number > 0 && ::kill(number, 0) != 0 && errno == ESRCH;
}

base::Result<base::Fd> open_lock(const std::filesystem::path& path) {
  base::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return base::from_errno("open " + path.string());
  return fd;
}

}  // namespace

base::Result<Lock> Lock::take(const std::filesystem::path& path) {
  base::Fd fd = TRY(open_lock(path));
  for (int tries = 0; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK) return base::from_errno("lock " + path.string());
    const auto holder = read_file(path);
    const std::string pid(holder.ok() ? base::trim(*holder) : "");
    if (is_gone(pid) && tries < kTries) {
      ::poll(nullptr, 0, kPauseMillis);
      continue;
    }
    return base::Error{base::Code::kAlreadyExists,
                       "the data directory " + path.parent_path().string() +
                           " belongs to a running server (pid " + (pid.empty() ? "unknown" : pid) +
                           "): stop that one, or give another directory",
                       {},
                       {}};
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return base::from_errno("write " + path.string());
  return Lock(std::move(fd));
}

base::Result<base::Fd> wait_for_lock(const std::filesystem::path& path) {
  base::Fd fd = TRY(open_lock(path));
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return base::from_errno("lock " + path.string());
  return fd;
}

}  // namespace howdah::os
