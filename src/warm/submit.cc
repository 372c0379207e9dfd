#include "warm/submit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fd.h"
#include "warm/wire.h"

namespace howdah::warm {
namespace {

namespace fs = std::filesystem;

constexpr int kCannotRun = 126;

void say(const std::string& text) {
  const std::string line = fmt::format("howdah: {}\n", text);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

std::optional<std::string> contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string at(const Environment& environment, const std::string& name,
               const std::string& otherwise = {}) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? otherwise : found->second;
}

int become(Argv argv, char** environment) {
  std::vector<char*> arguments;
  for (std::string& each : argv) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  ::execvpe(arguments[0], arguments.data(), environment);
  say(fmt::format("ERROR {} cannot be started: {}", argv[0], std::strerror(errno)));
  return kCannotRun;
}

base::Fd connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {};
  path.copy(address.sun_path, path.size());
  base::Fd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  // It gets the job's environment, credentials among it: nobody else's driver.
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = ::getsockopt(out.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known && peer.uid == ::geteuid() ? std::move(out) : base::Fd();
}

struct Candidate {
  std::string name;
  Key key;
};

std::vector<Candidate> ready_ones(const fs::path& folder) {
  std::vector<Candidate> out;
  std::error_code failed;
  for (fs::directory_iterator each(folder, failed); !failed && each != fs::directory_iterator();
       each.increment(failed)) {
    if (!fs::exists(each->path() / "ready", failed)) continue;
    const auto text = contents(each->path() / "key.json");
    const auto json = text ? base::parse_json(*text) : base::Result<base::Json>(base::Json());
    if (!json.ok() || !json->is_object()) continue;
    auto key = Key::from_json(json->get_object());
    if (key.ok()) out.push_back({each->path().filename().string(), *std::move(key)});
  }
  std::sort(out.begin(), out.end(),
            [](const Candidate& a, const Candidate& b) { return a.name < b.name; });
  return out;
}

// Until the job has ended: signals go there, its exit code comes back.
int follow(int driver, int signals) {
  for (;;) {
    std::array<pollfd, 2> seen = {{{driver, POLLIN, 0}, {signals, POLLIN, 0}}};
    if (::poll(seen.data(), seen.size(), -1) < 0) continue;
    if (seen[1].revents != 0) {
      signalfd_siginfo info{};
      if (::read(signals, &info, sizeof info) == sizeof info)
        send_note(driver, 'S', info.ssi_signo);
    }
    if (seen[0].revents == 0) continue;
    std::array<char, 5> note = {};
    if (!receive_all(driver, note.data(), note.size())) {
      say("ERROR the warm driver was killed, and the job with it");
      return 128 + SIGKILL;
    }
    if (note[0] == 'E') return static_cast<int>(Reader({note.data() + 1, 4}).number());
  }
}

}  // namespace

Verdict judge_in_node(const Argv& arguments, const Start& start, const Environment& environment) {
  const std::string conf = at(environment, "SPARK_CONF_DIR", start.home + "/conf");
  const std::string file = properties_file(arguments).value_or(conf + "/spark-defaults.conf");
  Verdict out =
      judge(arguments, environment, parse_properties(contents(file).value_or(std::string())));
  std::error_code failed;
  if (fs::exists(conf + "/java-opts", failed)) {
    out.way = Verdict::Way::kOwn;
    out.reason = "java-opts is there";
  }
  if (out.way != Verdict::Way::kWarm) return out;
  const auto cold = [&](const char* reason) {
    out.way = Verdict::Way::kCold;
    out.reason = reason;
  };
  if (!start.can_be_warm) cold("this release has no warm drivers");
  if (at(environment, "HOWDAH_WARM") == "off") cold("HOWDAH_WARM=off");
  return out;
}

std::string job_of(const Argv& arguments, char** environment) {
  std::string out;
  put_number(out, static_cast<uint32_t>(arguments.size()));
  for (const std::string& each : arguments) put_text(out, each);
  uint32_t count = 0;
  while (environment[count]) ++count;
  put_number(out, count);
  for (uint32_t i = 0; i < count; ++i) put_text(out, environment[i]);
  std::error_code failed;
  put_text(out, fs::current_path(failed).string());
  const mode_t mask = ::umask(0);
  ::umask(mask);
  put_number(out, mask);
  return out;
}

Taken hand_over(const std::string& folder, const Key& wanted, const std::string& job) {
  Taken out{.reason = "no warm driver is ready"};
  bool matched = false;
  for (const Candidate& each : ready_ones(folder)) {
    const std::string why = difference(each.key, wanted);
    if (!why.empty()) {
      if (!matched) out.reason = why;
      continue;
    }
    matched = true;
    out.reason = "no warm driver is ready";
    base::Fd driver = connect((fs::path(folder) / each.name / "socket").string());
    std::array<char, 5> note = {};
    if (!driver.valid() || !send(driver.get(), job, {0, 1, 2}) ||
        !receive_all(driver.get(), note.data(), note.size()) || note[0] != 'T')
      continue;  // another launcher was faster, or it has just died
    out.socket = driver.release();
    out.name = each.name;
    out.ready_seconds = Reader({note.data() + 1, 4}).number();
    return out;
  }
  return out;
}

void end_driver(const std::string& folder, const std::string& name) {
  const base::Fd driver = connect((fs::path(folder) / name / "socket").string());
  if (!driver.valid() || !send_all(driver.get(), kLeave)) return;
  char nothing = 0;
  receive_all(driver.get(), &nothing, 1);
}

int submit(const Argv& arguments, const SubmitPlaces& places, char** names) {
  const Environment environment = environment_of(names);
  const base::Result<Start> start = load(places.start);
  const std::string home = at(environment, "SPARK_HOME", "/usr/lib/spark");
  Argv own = {home + "/bin/spark-submit"};
  own.insert(own.end(), arguments.begin(), arguments.end());
  if (!start.ok()) {
    say("cold start: " + start.error().message);
    return become(own, names);
  }
  if (start->home != home) {
    say("cold start: SPARK_HOME is another");
    return become(own, names);
  }

  Verdict verdict = judge_in_node(arguments, *start, environment);
  // Its process group is not the terminal's: it could not read there.
  if (verdict.way == Verdict::Way::kWarm && ::isatty(STDIN_FILENO)) {
    verdict.way = Verdict::Way::kCold;
    verdict.reason = "its input is a terminal";
  }
  if (verdict.way == Verdict::Way::kOwn) {
    say("cold start: " + verdict.reason);
    return become(own, names);
  }
  const Jit jit = jit_of(at(environment, "HOWDAH_JIT")).value_or(Jit::kC1);
  const Key key = key_of(*start, environment, verdict.heap_mib, jit, verdict.java_options);
  std::string reason = verdict.reason;
  if (verdict.way == Verdict::Way::kWarm) {
    // Before the job is anywhere: a signal must reach it, not end the launcher alone.
    sigset_t set;
    sigset_t before;
    sigemptyset(&set);
    for (int each : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&set, each);
    sigprocmask(SIG_BLOCK, &set, &before);
    const Taken taken = hand_over(places.folder, key, job_of(arguments, names));
    if (taken.socket >= 0) {
      say(fmt::format("warm driver {}, ready for {} s", taken.name, taken.ready_seconds));
      const base::Fd driver(taken.socket);
      const base::Fd signals(::signalfd(-1, &set, SFD_CLOEXEC));
      return follow(driver.get(), signals.get());
    }
    sigprocmask(SIG_SETMASK, &before, nullptr);
    reason = taken.reason;
  }
  say("cold start: " + reason);
  Argv argv = java_command(*start, key);
  argv.emplace_back("org.apache.spark.deploy.SparkSubmit");
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return become(argv, names);
}

}  // namespace howdah::warm
