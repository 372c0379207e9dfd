#include "os/launch.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/clock.h"
#include "base/text.h"
#include "os/file.h"
#include "os/shims.h"

namespace howdah::os {
namespace {

constexpr int kReportFd = 3;  // in the shim
constexpr int kDeadlineMillis = 30'000;

// A shim is given nothing of the server's environment but what its own binary may need to load.
std::vector<std::string> shim_environment() {
  std::vector<std::string> environment = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const char* name : {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* value = std::getenv(name))
      environment.push_back(std::string(name) + "=" + value);
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

base::Result<pid_t> spawn(const std::filesystem::path& binary, std::vector<std::string> arguments,
                          int report_fd) {
  auto environment = shim_environment();
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, report_fd, kReportFd);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, binary.c_str(), &actions, &attributes,
                                  pointers(arguments).data(), pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::from_errno("run " + binary.string(), error);
  return pid;
}

// Until the pipe's end: every shim closes it right after its line.
base::Result<std::string> read_report(int fd) {
  base::SystemClock clock;
  const base::Millis deadline = clock.steady() + base::Millis(kDeadlineMillis);
  std::string text;
  for (;;) {
    const base::Millis left = deadline - clock.steady();
    pollfd waiting = {fd, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0)
      return base::Error{base::Code::kDeadlineExceeded, "the shim said nothing for 30 s", {}, {}};
    char buffer[4096];
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.back() == '\n') return text;
  }
}

}  // namespace

Launcher::Launcher(std::string tag, std::filesystem::path binary)
    : name_("howdah-" + std::move(tag)), binary_(std::move(binary)) {}

base::Result<std::string> Launcher::run(const std::string& verb, const std::string& argument,
                                        const std::string& label) const {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::from_errno("pipe");
  base::Fd reading(ends[0]);
  base::Fd writing(ends[1]);
  if (writing.get() == kReportFd || reading.get() == kReportFd) {
    // dup2 onto itself would keep CLOEXEC: move the pipe out of the way.
    writing = base::Fd(::fcntl(writing.get(), F_DUPFD_CLOEXEC, 10));
    reading = base::Fd(::fcntl(reading.get(), F_DUPFD_CLOEXEC, 10));
  }
  const pid_t pid = TRY(spawn(binary_, {name_, "__shim", verb, argument, label}, writing.get()));
  writing.reset();
  auto report = read_report(reading.get());
  if (!report.ok()) ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!report.ok()) return report.error();
  std::string_view line = base::trim(*report);
  if (line.substr(0, 2) == "ok") return std::string(base::trim(line.substr(2)));
  if (line.substr(0, 6) == "error ") {
    line.remove_prefix(6);
    const size_t blank = line.find(' ');
    const auto code =
        static_cast<base::Code>(std::atoi(std::string(line.substr(0, blank)).c_str()));
    return base::Error{code, std::string(blank == line.npos ? "" : line.substr(blank + 1)), {}, {}};
  }
  return base::internal("the shim '" + verb + "' ended without a report (" + label + ")");
}

std::vector<Launcher::Found> Launcher::find_all() const {
  std::vector<Found> found;
  DIR* dir = ::opendir("/proc");
  if (dir == nullptr) return found;
  while (const dirent* entry = ::readdir(dir)) {
    const pid_t pid = static_cast<pid_t>(std::atoi(entry->d_name));
    if (pid <= 0) continue;
    auto line = read_file(std::string("/proc/") + entry->d_name + "/cmdline");
    if (!line.ok() || line->compare(0, name_.size() + 1, name_.c_str(), name_.size() + 1) != 0)
      continue;
    const auto parts = base::split(*line, '\0');
    if (parts.size() < 5 || parts[1] != "__shim") continue;
    if (auto identity = identity_of(pid))
      found.push_back(
          {*identity, std::string(parts[2]), std::string(parts[3]), std::string(parts[4])});
  }
  ::closedir(dir);
  return found;
}

void report_ok(std::string_view text) {
  const std::string line = "ok " + std::string(text) + "\n";
  if (::write(kReportFd, line.data(), line.size()) < 0) {
    // Whoever launched us is gone; what we do stands on disk.
  }
  ::close(kReportFd);
}

void report_error(const base::Error& error) {
  std::string line = "error " + std::to_string(static_cast<int>(error.code)) + " " + error.message;
  for (char& c : line)
    if (c == '\n') c = ' ';
  line += '\n';
  if (::write(kReportFd, line.data(), line.size()) < 0) {
  }
  ::close(kReportFd);
}

int shim_main(int argc, char** argv) {
  if (argc < 4) return 2;
  ::signal(SIGPIPE, SIG_IGN);
  ::close_range(kReportFd + 1, ~0u, 0);
  const std::string_view verb = argv[2];
  const std::filesystem::path folder = argv[3];
  if (verb == "run") return run_shim(folder);
  if (verb == "container") return container_shim(folder);
  if (verb == "files") return files_shim(folder);
  if (verb == "erase") return erase_shim(folder);
  if (verb == "network") return network_shim(folder);
  if (verb == "gateway") return gateway_shim(folder);
  return 2;
}

}  // namespace howdah::os
