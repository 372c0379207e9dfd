#include "cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"

namespace howdah::cli {

namespace fs = std::filesystem;

std::optional<fs::path> find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (std::string_view folder : base::split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    if (folder.empty()) continue;
    fs::path candidate = fs::path(folder) / name;
    std::error_code error;
    if (fs::is_regular_file(candidate, error) && ::access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return std::nullopt;
}

fs::path own_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

fs::path home_folder() {
  std::error_code error;
  for (fs::path folder = own_program().parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    for (const fs::path& candidate : {folder, folder / "share/howdah"}) {
      if (fs::is_directory(candidate / "apps/releases", error)) return candidate;
    }
  }
  if (fs::is_directory(fs::path(HOWDAH_SOURCE_DIR) / "apps/releases", error)) {
    return HOWDAH_SOURCE_DIR;
  }
  return {};
}

namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  base::Fd read_end;
  base::Fd write_end;
};

base::Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::from_errno("pipe");
  return Pipe{base::Fd(ends[0]), base::Fd(ends[1])};
}

// Reads what comes until the end, a full `limit`, or (with `one_line`) the first line; false: too
// late.
bool read_until(int fd, std::string& into, size_t limit, bool one_line,
                std::chrono::milliseconds timeout) {
  base::SystemClock clock;
  const base::Millis deadline = clock.steady() + timeout;
  char buffer[4096];
  while (into.size() < limit) {
    if (one_line && into.find('\n') != std::string::npos) return true;
    base::Millis left = deadline - clock.steady();
    if (left <= base::Millis(0)) return false;
    pollfd waiting{fd, POLLIN, 0};
    int ready = ::poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    into.append(buffer, static_cast<size_t>(count));
  }
  return true;
}

// Only async-signal-safe calls: between fork and exec.
[[noreturn]] void exec_child(char* const* argv, int out, int err) {
  int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

base::Error become(const fs::path& program, const std::vector<std::string>& arguments,
                   const std::vector<std::pair<std::string, std::string>>& set,
                   const std::vector<std::string>& unset) {
  for (const std::string& name : unset) ::unsetenv(name.c_str());
  for (const auto& [name, value] : set) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> argv{program.string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  ::execv(program.c_str(), pointers_to(argv).data());
  return base::from_errno("run " + program.string());
}

base::Result<Finished> capture(const std::vector<std::string>& argv,
                               std::chrono::milliseconds timeout) {
  Pipe pipe = TRY(make_pipe());
  std::vector<char*> pointers = pointers_to(argv);
  pid_t pid = ::fork();
  if (pid < 0) return base::from_errno("fork");
  if (pid == 0) exec_child(pointers.data(), pipe.write_end.get(), pipe.write_end.get());
  pipe.write_end = base::Fd();
  Finished finished;
  bool in_time = read_until(pipe.read_end.get(), finished.output, 64 * 1024, false, timeout);
  if (!in_time) ::kill(pid, SIGKILL);
  pipe.read_end = base::Fd();  // one that writes more than we keep ends by SIGPIPE
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) {
    return base::Error{base::Code::kDeadlineExceeded,
                       fmt::format("{} did not end within {} s", argv[0], timeout.count() / 1000),
                       {},
                       {}};
  }
  finished.exit_code = code_of(status);
  if (finished.exit_code == 127) return base::not_found(argv[0] + " cannot be run");
  return finished;
}

base::Status start_aside(const std::vector<std::string>& argv) {
  base::Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nowhere.valid()) return base::from_errno("open /dev/null");
  std::vector<char*> pointers = pointers_to(argv);
  pid_t pid = ::fork();
  if (pid < 0) return base::from_errno("fork");
  if (pid == 0) {
    ::setsid();
    exec_child(pointers.data(), nowhere.get(), nowhere.get());
  }
  return base::ok();
}

base::Result<Daemon> start_daemon(const std::vector<std::string>& argv, const fs::path& log,
                                  std::chrono::milliseconds timeout) {
  base::Fd log_file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log_file.get() < 0) return base::from_errno("open " + log.string());
  Pipe pipe = TRY(make_pipe());
  std::vector<char*> pointers = pointers_to(argv);
  pid_t pid = ::fork();
  if (pid < 0) return base::from_errno("fork");
  if (pid == 0) {
    ::setsid();
    exec_child(pointers.data(), pipe.write_end.get(), log_file.get());
  }
  pipe.write_end = base::Fd();
  Daemon daemon{pid, ""};
  bool in_time = read_until(pipe.read_end.get(), daemon.first_line, 64 * 1024, true, timeout);
  size_t end = daemon.first_line.find('\n');
  if (end != std::string::npos) {
    daemon.first_line.resize(end);
    return daemon;
  }
  if (!in_time) {
    ::kill(pid, SIGTERM);
    return base::Error{base::Code::kDeadlineExceeded,
                       fmt::format("the server said nothing for {} s", timeout.count() / 1000),
                       {},
                       {}};
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return base::unavailable(fmt::format("the server ended at once, exit code {}", code_of(status)));
}

}  // namespace howdah::cli
