// The shim of a process: supervisor.h says who is who. All of this runs single-threaded.

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "base/text.h"
#include "os/accounts.h"
#include "os/file.h"
#include "os/layout.h"
#include "os/shims.h"
#include "os/supervisor.h"

namespace howdah::os {
namespace {

constexpr int kNamespaces =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

// Without root the host's network namespace cannot be entered, not even by who is in it.
bool has_own_network(pid_t container) {
  struct stat ours, theirs;
  return ::stat("/proc/self/ns/net", &ours) == 0 &&
         ::stat(("/proc/" + std::to_string(container) + "/ns/net").c_str(), &theirs) == 0 &&
         ours.st_ino != theirs.st_ino;
}

// ---- words from inside to the monitor, one a message
// ---------------------------------------------

void tell(int fd, const std::string& words) {
  if (::send(fd, words.data(), words.size(), MSG_NOSIGNAL) < 0) {
    // The monitor is gone: init hears it on its lifeline.
  }
}

struct Word {
  std::string text;
  pid_t sender = 0;  // as the kernel says it, in the receiver's PID namespace
};

// nullopt: nobody is left who could say anything.
std::optional<Word> hear(int fd) {
  char buffer[4096];
  iovec part = {buffer, sizeof buffer};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(ucred))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  const ssize_t n = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  if (n <= 0) return std::nullopt;
  Word word{std::string(buffer, static_cast<size_t>(n)), 0};
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message);
      header != nullptr && header->cmsg_type == SCM_CREDENTIALS) {
    ucred sender;
    std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
    word.sender = sender.pid;
  }
  return word;
}

[[noreturn]] void fail_inside(int fd, int exit_code, const std::string& what) {
  tell(fd, "fail " + std::to_string(exit_code) + " " + what);
  ::_exit(exit_code);
}

std::string last_error(const std::string& what) { return what + ": " + std::strerror(errno); }

// ---- the user's process ------------------------------------------------------------------------

void make_folders_owned(const std::filesystem::path& path, const Account* owner) {
  if (path.empty() || ::access(path.c_str(), F_OK) == 0) return;
  make_folders_owned(path.parent_path(), owner);
  if (::mkdir(path.c_str(), 0755) == 0 && owner != nullptr &&
      ::lchown(path.c_str(), owner->uid, owner->gid) != 0) {
    // One user id only: whatever is made is already his.
  }
}

// What is said on a full disk must be found: so much of a log fits even then.
constexpr off_t kLastWords = 16 * 1024;

// Never blocks on a pipe, never follows a link that someone planted as the log.
int open_output(const std::filesystem::path& path, const Account* owner) {
  if (path.empty()) return ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  make_folders_owned(path.parent_path(), owner);
  const int fd = ::open(path.c_str(),
                        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  if (fd < 0) return -1;
  struct stat info;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    errno = EINVAL;
    return -1;
  }
  ::fcntl(fd, F_SETFL, O_APPEND);
  if (info.st_size == 0 && ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, kLastWords) != 0) {
    // A file system without it, or already full: then without.
  }
  if (owner != nullptr && info.st_size == 0 && ::fchown(fd, owner->uid, owner->gid) != 0) {
  }
  return fd;
}

void become(const Account& account, int tell_fd) {
  const bool several_ids = ::setgroups(1, &account.gid) == 0;  // denied where one id is mapped
  if (::setresgid(account.gid, account.gid, account.gid) != 0 ||
      ::setresuid(account.uid, account.uid, account.uid) != 0)
    fail_inside(tell_fd, 126, last_error("become user " + account.name));
  // With one id nothing inside is setuid, so nothing is lost by ruling it out.
  if (!several_ids) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

[[noreturn]] void run_user_process(const ProcessPlan& plan, int tell_fd) {
  std::optional<Account> account;
  if (!plan.user.empty()) {
    account = find_account(plan.user);
    if (!account) fail_inside(tell_fd, 126, "there is no user '" + plan.user + "'");
  }
  const Account* owner = account ? &*account : nullptr;
  const int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int out = open_output(plan.stdout_path, owner);
  if (out < 0) fail_inside(tell_fd, 126, last_error("open " + plan.stdout_path.string()));
  const int err = open_output(plan.stderr_path, owner);
  if (err < 0) fail_inside(tell_fd, 126, last_error("open " + plan.stderr_path.string()));
  if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0)
    fail_inside(tell_fd, 126, last_error("dup2"));
  ::setsid();
  make_folders_owned(plan.working_directory, owner);
  rlimit files;
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  ::umask(022);
  if (account) become(*account, tell_fd);
  if (::chdir(plan.working_directory.empty() ? "/" : plan.working_directory.c_str()) != 0)
    fail_inside(tell_fd, 126, last_error("enter " + plan.working_directory.string()));

  std::vector<std::string> environment, argv = plan.argv;
  std::vector<char*> envp, argp;
  for (const auto& [name, value] : plan.environment) {
    environment.push_back(name + "=" + value);
    if (name == "PATH") ::setenv("PATH", value.c_str(), 1);
  }
  for (auto& text : environment) envp.push_back(text.data());
  for (auto& text : argv) argp.push_back(text.data());
  envp.push_back(nullptr);
  argp.push_back(nullptr);
  for (const int number : {SIGPIPE, SIGTERM, SIGCHLD, SIGINT, SIGHUP, SIGUSR1})
    ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(argp[0], argp.data(), envp.data());
  const std::string why = last_error("cannot run '" + argv[0] + "'");
  const std::string line = why + "\n";
  if (::write(2, line.data(), line.size()) < 0) {
  }
  fail_inside(tell_fd, errno == ENOENT ? 127 : 126, why);
}

// ---- init: PID 1 of the process's own namespace
// --------------------------------------------------

// /proc must show this namespace's processes, or pids read there would not be those that kill
// takes.
void show_own_proc(bool in_container) {
  if (in_container)
    ::mount(nullptr, "/proc", nullptr, MS_PRIVATE, nullptr);  // the rest stays shared in the node
  else
    ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr);
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    // A host that masks parts of /proc forbids it: the namespace's pids are then not those in
    // /proc.
  }
}

[[noreturn]] void run_init(const ProcessPlan& plan, int tell_fd, int lifeline) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  tell(tell_fd, "init");
  show_own_proc(plan.container.has_value());
  const pid_t process = ::fork();
  if (process < 0) fail_inside(tell_fd, 126, last_error("fork"));
  if (process == 0) {
    ::close(lifeline);
    run_user_process(plan, tell_fd);
  }
  sigset_t handled;
  sigemptyset(&handled);
  for (const int number : {SIGCHLD, SIGTERM}) sigaddset(&handled, number);
  const int signals = ::signalfd(-1, &handled, SFD_CLOEXEC);
  for (;;) {
    pollfd waiting[2] = {{signals, POLLIN, 0}, {lifeline, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) ::_exit(0);  // the monitor is gone: everything in here ends
    signalfd_siginfo info;
    if (::read(signals, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGTERM) ::kill(-1, SIGTERM);  // to everybody but ourselves
    int status = 0;
    for (pid_t ended; (ended = ::waitpid(-1, &status, WNOHANG)) != 0;) {
      if (ended < 0 && errno != EINTR) ::_exit(0);  // ECHILD: nobody is left
      if (ended != process) continue;
      tell(tell_fd, "status " + std::to_string(status));
      if (!plan.linger) ::_exit(0);
    }
  }
}

// ---- the monitor
// ---------------------------------------------------------------------------------

class Monitor {
 public:
  explicit Monitor(RunFolder folder) : folder_(std::move(folder)) {}
  int run();

 private:
  base::Status prepare();
  base::Status keep_room();
  base::Result<bool> claim();
  void launch();
  [[noreturn]] void enter_and_clone();
  void watch();
  void note(const Word& word);
  bool out_of_memory() const;
  void write_exit();
  bool write_into_room(std::string_view text);

  RunFolder folder_;
  ProcessPlan plan_;
  base::Fd container_;
  int namespaces_ = kNamespaces;
  std::vector<base::Fd> cgroups_, memory_events_;
  base::Fd room_;  // for `exit`: a file without a name yet
  base::Fd hear_, tell_, lifeline_read_, lifeline_write_;
  pid_t init_ = 0;  // on the host; 0: not yet there
  std::optional<int> status_;
  std::string reason_;
  bool exit_written_ = false;
};

base::Status Monitor::prepare() {
  plan_ = TRY(plan_from(TRY(read_file(folder_.spec()))));
  if (plan_.container) {
    container_ = TRY(open_pidfd(*plan_.container));
    if (has_own_network(plan_.container->pid)) namespaces_ |= CLONE_NEWNET;
  }
  for (const auto& path : plan_.cgroups) {
    base::Fd procs(::open((path / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!procs.valid()) return base::from_errno("open " + (path / "cgroup.procs").string());
    cgroups_.push_back(std::move(procs));
    for (const char* name : {"memory.events", "memory.oom_control"}) {
      base::Fd events(::open((path / name).c_str(), O_RDONLY | O_CLOEXEC));
      if (events.valid()) memory_events_.push_back(std::move(events));
    }
  }
  return base::ok();
}

// Before anything runs: a process that fills the disk must still be seen to end.
base::Status Monitor::keep_room() {
  constexpr off_t kRoom = 4096;
  base::Fd room(::open(folder_.path.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (!room.valid()) return base::ok();  // not on this file system
  if (::fallocate(room.get(), 0, 0, kRoom) == 0) {
    room_ = std::move(room);
    return base::ok();
  }
  if (errno != ENOSPC && errno != EDQUOT) return base::ok();
  return base::from_errno("keep room in " + folder_.path.string());
}

base::Result<bool> Monitor::claim() {
  const auto self = identity_of(::getpid());
  if (!self) return base::internal("/proc does not show the shim itself");
  const base::JsonObject claim = {{"version", 1},
                                  {"monitor", to_json(*self)},
                                  {"started", base::to_millis(base::SystemClock().now())}};
  return create_file_once(folder_.started(), base::to_text(claim) + "\n", 0600, Durability::kPower);
}

// In the helper: joins the container, then makes init as its sibling, a child of the monitor.
void Monitor::enter_and_clone() {
  const int tell_fd = tell_.get();
  lifeline_write_.reset();
  hear_.reset();
  for (const auto& procs : cgroups_)
    if (::write(procs.get(), "0", 1) != 1) fail_inside(tell_fd, 126, last_error("join the cgroup"));
  cgroups_.clear();
  memory_events_.clear();
  if (container_.valid()) {
    if (::setns(container_.get(), namespaces_) != 0)
      fail_inside(tell_fd, 126, last_error("enter the node's namespaces"));
    container_.reset();
    // Root of the container; where only one id is mapped we are it already.
    if (::setgroups(0, nullptr) == 0 && ::setresgid(0, 0, 0) == 0 && ::setresuid(0, 0, 0) == 0) {
    }
    if (::chdir("/") != 0) fail_inside(tell_fd, 126, last_error("enter the node's root"));
  } else if (::geteuid() != 0) {
    const auto uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER) != 0)
      fail_inside(tell_fd, 126, last_error("make a user namespace"));
    auto put = [](const char* path, const std::string& text) {
      base::Fd fd(::open(path, O_WRONLY | O_CLOEXEC));
      return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    };
    if (!put("/proc/self/setgroups", "deny") ||
        !put("/proc/self/uid_map", uid + " " + uid + " 1") ||
        !put("/proc/self/gid_map", gid + " " + gid + " 1"))
      fail_inside(tell_fd, 126, last_error("map the user id"));
  }
  // A new PID namespace is made only from within the one it shall be below (kernel: copy_pid_ns),
  // and entering one counts for children: hence one process more, in the container's.
  const long between = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (between < 0) fail_inside(tell_fd, 126, last_error("fork"));
  if (between > 0) ::_exit(0);
  const long init = ::syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | CLONE_PARENT | SIGCHLD,
                              nullptr, nullptr, nullptr, 0);
  if (init < 0) fail_inside(tell_fd, 126, last_error("make a PID namespace"));
  if (init == 0) run_init(plan_, tell_fd, lifeline_read_.get());
  ::_exit(0);
}

void Monitor::launch() {
  int ends[2];
  const int yes = 1;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
    hear_ = base::Fd(ends[0]), tell_ = base::Fd(ends[1]);
    ::setsockopt(hear_.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
  }
  if (::pipe2(ends, O_CLOEXEC) == 0)
    lifeline_read_ = base::Fd(ends[0]), lifeline_write_ = base::Fd(ends[1]);
  const bool channels = hear_.valid() && lifeline_read_.valid();
  const pid_t helper = channels ? ::fork() : -1;
  if (helper == 0) enter_and_clone();
  if (helper < 0) {
    reason_ = last_error("start the process");
    status_ = 126 << 8;
  }
  tell_.reset();
  lifeline_read_.reset();
  cgroups_.clear();
  container_.reset();
}

void Monitor::note(const Word& word) {
  const size_t blank = word.text.find(' ');
  const std::string what = word.text.substr(0, blank);
  const std::string rest = blank == word.text.npos ? "" : word.text.substr(blank + 1);
  if (what == "init") init_ = word.sender;
  if (what == "status") status_ = std::atoi(rest.c_str());
  if (what == "fail") {
    const size_t next = rest.find(' ');
    if (!status_) status_ = std::atoi(rest.c_str()) << 8;
    reason_ = next == rest.npos ? rest : rest.substr(next + 1);
  }
}

// Until everybody has ended; what they told is then complete.
void Monitor::watch() {
  sigset_t handled;
  sigemptyset(&handled);
  for (const int number : {SIGCHLD, SIGTERM, SIGUSR1}) sigaddset(&handled, number);
  base::Fd signals(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  int pending = 0;  // a signal to pass on, perhaps before init is there
  bool told_all = !hear_.valid(), nobody_left = false;
  while (!told_all || !nobody_left) {
    pollfd waiting[2] = {{signals.get(), POLLIN, 0}, {told_all ? -1 : hear_.get(), POLLIN, 0}};
    const int timeout = nobody_left ? 0 : -1;
    if (::poll(waiting, 2, timeout) < 0) continue;
    if (waiting[1].revents != 0) {
      if (const auto word = hear(hear_.get()))
        note(*word);
      else
        told_all = true;
      if (status_ && plan_.linger) write_exit();
    }
    signalfd_siginfo info;
    while (::read(signals.get(), &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGTERM && pending == 0) pending = SIGTERM;
      if (info.ssi_signo == SIGUSR1) pending = SIGKILL;
    }
    if (pending != 0 && init_ > 0) ::kill(init_, std::exchange(pending, 0));
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0 || (ended < 0 && errno == EINTR)) {
    }
    nobody_left = ended < 0;  // ECHILD
  }
}

bool Monitor::out_of_memory() const {
  for (const auto& events : memory_events_) {
    char buffer[1024];
    const ssize_t n = ::pread(events.get(), buffer, sizeof buffer, 0);
    if (n <= 0) continue;
    for (const auto line : base::split(std::string_view(buffer, static_cast<size_t>(n)), '\n'))
      if (line.substr(0, 9) == "oom_kill " && line.substr(9) != "0") return true;
  }
  return false;
}

bool Monitor::write_into_room(std::string_view text) {
  if (!room_.valid()) return false;
  const base::Fd room = std::move(room_);
  const std::string name = "/proc/self/fd/" + std::to_string(room.get());
  const base::Fd folder(::open(folder_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return ::pwrite(room.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
         ::ftruncate(room.get(), static_cast<off_t>(text.size())) == 0 &&
         ::fsync(room.get()) == 0 &&
         ::linkat(AT_FDCWD, name.c_str(), AT_FDCWD, folder_.exit().c_str(), AT_SYMLINK_FOLLOW) ==
             0 &&
         folder.valid() && ::fsync(folder.get()) == 0;
}

void Monitor::write_exit() {
  if (std::exchange(exit_written_, true)) return;
  // No word from init: it was ended from outside, with everything in its namespace.
  const int status = status_.value_or(SIGKILL);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  const base::JsonObject exit = {
      {"version", 1},      {"exit_code", code},
      {"signal", signal},  {"out_of_memory", (signal != 0 || code != 0) && out_of_memory()},
      {"reason", reason_}, {"ended", base::to_millis(base::SystemClock().now())}};
  const std::string text = base::to_text(exit) + "\n";
  // A full disk must not turn an ended process into a lost one: into what was kept for it, else
  // wait until there is room.
  while (!write_file(folder_.exit(), text, 0600, Durability::kPower).ok() &&
         !write_into_room(text) && ::access(folder_.started().c_str(), F_OK) == 0)
    ::poll(nullptr, 0, 500);
}

int Monitor::run() {
  if (auto prepared = prepare(); !prepared.ok()) return report_error(prepared.error()), 1;
  if (auto kept = keep_room(); !kept.ok()) return report_error(kept.error()), 1;
  auto claimed = claim();
  if (!claimed.ok()) return report_error(claimed.error()), 1;
  if (!*claimed) return report_ok("claimed before"), 0;
  report_ok(std::to_string(::getpid()));
  launch();
  watch();
  write_exit();
  return 0;
}

}  // namespace

int run_shim(const std::filesystem::path& run_folder) {
  sigset_t handled;
  sigemptyset(&handled);
  for (const int number : {SIGCHLD, SIGTERM, SIGUSR1, SIGHUP, SIGINT}) sigaddset(&handled, number);
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  const pid_t monitor = ::fork();  // the launcher waits for us; the monitor it leaves alone
  if (monitor < 0) return report_error(base::from_errno("fork")), 1;
  if (monitor > 0) ::_exit(0);
  ::setsid();
  // What is forked from here keeps this memory: not even the node's root may look into it. Without
  // root the server itself would be shut out of /proc/<pid>/ns.
  if (::geteuid() == 0) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (::chdir("/") != 0) return 1;
  const int result = Monitor(RunFolder{run_folder}).run();
  ::_exit(result);
}

}  // namespace howdah::os
