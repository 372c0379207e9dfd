#include "warm/driver.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/fd.h"
#include "warm/submit.h"
#include "warm/wire.h"

namespace howdah::warm {
namespace {

constexpr int kNotReady = 70;
constexpr uint32_t kKilled = 128 + SIGKILL;
constexpr base::Millis kWarmUpLimit{600'000};  // a host may be very busy
constexpr base::Millis kHandOverLimit{60'000};
constexpr timeval kHandOver{10, 0};  // a launcher that stops in the middle of a job

uint32_t exit_code(int status) {
  return static_cast<uint32_t>(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

bool write_file(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path partial = path.string() + ".new";
  {
    std::ofstream out(partial, std::ios::binary);
    out << text;
    if (!out.flush()) return false;
  }
  std::error_code failed;
  std::filesystem::rename(partial, path, failed);
  return !failed;
}

class Driver {
 public:
  Driver(const DriverOptions& options, const Start& start, const Environment& environment)
      : options_(options),
        start_(start),
        key_(key_of(start, environment, options.heap_mib, options.jit, options.java_options)),
        place_(std::filesystem::path(options.folder) / options.name) {}

  int run() {
    sigset_t set;
    sigemptyset(&set);
    for (int each : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&set, each);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = base::Fd(::signalfd(-1, &set, SFD_CLOEXEC));
    std::error_code failed;
    std::filesystem::remove_all(place_, failed);
    std::filesystem::create_directories(place_, failed);
    if (failed || !signals_.valid() || !start_java()) return kNotReady;
    const int code = serve();
    end_java(SIGKILL);
    // The log stays: it is what says why there was no warm driver.
    for (const char* name : {"ready", "socket", "key.json"})
      std::filesystem::remove(place_ / name, failed);
    return code;
  }

 private:
  int serve() {
    if (!await('R', kWarmUpLimit) || !listen()) return kNotReady;
    for (;;) {
      std::array<pollfd, 3> seen = {
          {{listener_.get(), POLLIN, 0}, {java_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
      if (::poll(seen.data(), seen.size(), -1) < 0) continue;
      if (seen[1].revents != 0) return kNotReady;
      if (seen[2].revents != 0) return 0;
      Message job;
      base::Fd launcher = take(job);
      if (job.leave) return 0;
      if (launcher.valid()) return hand_over(launcher, job) ? run_job(launcher) : kNotReady;
    }
  }

  bool start_java() {
    std::array<int, 2> pair = {};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
    socket_ = base::Fd(pair[0]);
    const base::Fd theirs(pair[1]);
    constexpr int kSocket = 3;
    Argv argv = java_command(start_, key_, options_.parts + "/warm.jar",
                             {"-Dhowdah.warm.library=" + options_.parts + "/libwarm.so"});
    argv.insert(argv.end(), {"org.howdah.warm.WarmDriver", std::to_string(kSocket), place_.string(),
                             options_.parts + "/warm_up.py"});
    std::vector<char*> arguments;
    for (std::string& each : argv) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    const base::Fd log(::open((place_ / "log").c_str(),
                              O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    const base::Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::setpgid(0, 0);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      ::dup2(nothing.get(), 0);
      ::dup2(log.get(), 1);
      ::dup2(log.get(), 2);
      if (theirs.get() == kSocket) {
        ::fcntl(kSocket, F_SETFD, 0);
      } else {
        ::dup2(theirs.get(), kSocket);
      }
      ::execvp(arguments[0], arguments.data());
      ::_exit(127);
    }
    if (pid_ < 0) return false;
    ::setpgid(pid_, pid_);
    java_ = base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    return java_.valid();
  }

  // A word of the JVM's; one that hangs is not waited for.
  bool await(char word, base::Millis limit) {
    const base::Millis deadline = clock_.steady() + limit;
    std::array<pollfd, 3> seen = {
        {{socket_.get(), POLLIN, 0}, {java_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
    for (;;) {
      const auto left = (deadline - clock_.steady()).count();
      if (left <= 0) return false;
      if (::poll(seen.data(), seen.size(), static_cast<int>(left)) <= 0) continue;
      if (seen[0].revents == 0) return false;  // ended, or to end
      char said = 0;
      return receive_all(socket_.get(), &said, 1) && said == word;
    }
  }

  bool listen() {
    const std::string path = (place_ / "socket").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    path.copy(address.sun_path, path.size());
    listener_ = base::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const mode_t before = ::umask(0077);
    const bool bound =
        ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    since_ = clock_.steady();
    return bound && ::listen(listener_.get(), 8) == 0 &&
           write_file(place_ / "key.json", base::to_text(key_.to_json()) + "\n") &&
           write_file(place_ / "ready", "");
  }

  base::Fd take(Message& job) {
    base::Fd launcher(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!launcher.valid()) return {};
    ::setsockopt(launcher.get(), SOL_SOCKET, SO_RCVTIMEO, &kHandOver, sizeof kHandOver);
    if (receive(launcher.get(), job)) return launcher;
    const bool leave = job.leave;
    job = {};
    job.leave = leave;
    return {};
  }

  // Told to the launcher only once the JVM has it: a dead one serves nobody.
  bool hand_over(base::Fd& launcher, Message& job) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(clock_.steady() - since_);
    std::error_code failed;
    std::filesystem::remove(place_ / "ready", failed);
    std::filesystem::remove(place_ / "socket", failed);
    listener_.reset();  // who waits in the queue sees its connection end
    std::array<int, kStreams> streams = {};
    for (int i = 0; i < kStreams; ++i) streams[i] = job.streams[i].get();
    const bool handed = send(socket_.get(), job.payload, streams);
    job = {};
    return handed && await('J', kHandOverLimit) &&
           send_note(launcher.get(), 'T', static_cast<uint32_t>(age.count()));
  }

  int run_job(base::Fd& launcher) {
    while (pid_ > 0) {
      std::array<pollfd, 3> seen = {
          {{java_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}, {launcher.get(), POLLIN, 0}}};
      if (::poll(seen.data(), seen.size(), -1) <= 0) continue;
      if (seen[1].revents != 0) pass_on(signal_received());
      if (seen[2].revents != 0 && !follow(launcher)) {
        // Whoever killed it would have killed the job: it must not outlive the launcher's end.
        end_java(SIGKILL);
        return 0;
      }
      if (seen[0].revents != 0) reap();
    }
    const uint32_t code = exit_code(status_);
    send_note(launcher.get(), 'E', code);
    return code == kKilled ? static_cast<int>(code) : 0;
  }

  // false: the launcher is gone.
  bool follow(base::Fd& launcher) {
    std::array<char, 5> note = {};
    if (!receive_all(launcher.get(), note.data(), note.size())) return false;
    Reader in(std::string_view(note.data() + 1, 4));
    if (note[0] == 'S') pass_on(static_cast<int>(in.number()));
    return true;
  }

  int signal_received() {
    signalfd_siginfo info{};
    return ::read(signals_.get(), &info, sizeof info) == sizeof info
               ? static_cast<int>(info.ssi_signo)
               : 0;
  }

  void pass_on(int signal) {
    if (pid_ > 0 && signal > 0) ::kill(pid_, signal);
  }

  void reap() {
    if (::waitpid(pid_, &status_, 0) == pid_) pid_ = -1;
  }

  void end_java(int signal) {
    if (pid_ <= 0) return;
    ::kill(-pid_, signal);
    reap();
  }

  const DriverOptions& options_;
  const Start& start_;
  const Key key_;
  const std::filesystem::path place_;
  base::SystemClock clock_;
  base::Millis since_{0};
  base::Fd signals_, socket_, java_, listener_;
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace

base::Result<DriverOptions> parse_driver_options(const Argv& arguments) {
  const auto usage = [](const std::string& what) {
    return base::invalid_argument(
        fmt::format("{}; usage: howdah-warm-driver --name N [--heap 4g] [--java-option X]... "
                    "[--jit c1|c2]",
                    what));
  };
  DriverOptions out;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& option = arguments[i];
    if (i + 1 == arguments.size()) return usage(option + " wants a value");
    const std::string& value = arguments[i + 1];
    if (option == "--name") {
      out.name = value;
    } else if (option == "--heap") {
      const auto heap = mebibytes(value);
      if (!heap) return usage("--heap is like 4g or 512m");
      out.heap_mib = *heap;
    } else if (option == "--java-option") {
      out.java_options.push_back(value);
    } else if (option == "--jit") {
      const auto jit = jit_of(value);
      if (!jit) return usage("--jit is c1 or c2");
      out.jit = *jit;
    } else {
      return usage(option + " is not known");
    }
  }
  if (out.name.empty() || out.name.front() == '.' || out.name.find('/') != std::string::npos)
    return usage("--name is a file's name");
  return out;
}

base::Status add_defaults(DriverOptions& options, const Start& start,
                          const Environment& environment) {
  Argv like = {"job.py"};
  if (options.heap_mib != 0)
    like.insert(like.begin(), {"--driver-memory", fmt::format("{}m", options.heap_mib)});
  const Verdict verdict = judge_in_node(like, start, environment);
  if (verdict.way != Verdict::Way::kWarm) return base::invalid_argument(verdict.reason);
  options.heap_mib = verdict.heap_mib;
  if (options.java_options.empty()) options.java_options = verdict.java_options;
  return base::ok();
}

int run_driver(const DriverOptions& options, const Start& start, const Environment& environment) {
  return Driver(options, start, environment).run();
}

}  // namespace howdah::warm
