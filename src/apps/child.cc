#include "apps/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/result.h"

namespace howdah::apps {
namespace {

std::vector<std::string> environment_of(const Child::Spec& spec) {
  std::vector<std::string> out;
  for (const auto& [key, value] : spec.environment) out.push_back(key + "=" + value);
  for (char** at = environ; *at; ++at) {
    const std::string_view entry = *at;
    const std::string_view key = entry.substr(0, entry.find('='));
    const bool replaced = std::any_of(spec.environment.begin(), spec.environment.end(),
                                      [&](const auto& pair) { return pair.first == key; });
    if (!replaced) out.emplace_back(entry);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

base::Result<Child> Child::start(const Spec& spec) {
  CHECK(!spec.argv.empty());
  std::vector<std::string> argv = spec.argv;
  std::vector<std::string> environment = environment_of(spec);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, argv[0].c_str(), &actions, nullptr, pointers(argv).data(),
                                   pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::from_errno(argv[0], error);
  return Child(pid);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), code_(other.code_) {}

Child::~Child() {
  if (pid_ < 0 || code_) return;
  ::kill(pid_, SIGKILL);
  wait();
}

std::optional<int> Child::poll() {
  if (code_) return code_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) code_ = code_of(status);
  return code_;
}

int Child::wait() {
  while (!code_) {
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, 0);
    if (ended == pid_) code_ = code_of(status);
    if (ended < 0 && errno != EINTR) code_ = 127;
  }
  return *code_;
}

}  // namespace howdah::apps
