#include "cli/port_holder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/text.h"
#include "os/file.h"

namespace howdah::cli {

namespace fs = std::filesystem;

namespace {

template <typename Number>
std::optional<Number> number(std::string_view text, int radix) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, radix);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::string_view word : base::split(line, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::string command_of(int pid) {
  std::string command = os::read_file(fmt::format("/proc/{}/cmdline", pid)).value_or("");
  std::replace(command.begin(), command.end(), '\0', ' ');
  while (command.ends_with(' ')) command.pop_back();
  return command.size() > 120 ? command.substr(0, 117) + "…" : command;
}

bool has_socket(int pid, const std::string& link) {
  std::error_code error;
  fs::directory_iterator files(fmt::format("/proc/{}/fd", pid), error);
  if (error) return false;
  for (; files != fs::directory_iterator(); files.increment(error)) {
    if (error) return false;
    std::error_code gone;
    if (fs::read_symlink(files->path(), gone) == link) return true;
  }
  return false;
}

}  // namespace

std::optional<uint64_t> listening_inode(std::string_view proc_net_tcp, uint16_t port) {
  for (std::string_view line : base::split(proc_net_tcp, '\n')) {
    auto words = words_of(line);
    constexpr std::string_view kListening = "0A";
    if (words.size() < 10 || words[3] != kListening) continue;
    size_t colon = words[1].rfind(':');
    if (colon == std::string_view::npos) continue;
    if (number<uint16_t>(words[1].substr(colon + 1), 16) == port)
      return number<uint64_t>(words[9], 10);
  }
  return std::nullopt;
}

std::optional<PortHolder> holder_of_port(uint16_t port) {
  std::optional<uint64_t> inode;
  for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    if (auto text = os::read_file(file); text.ok() && !inode) inode = listening_inode(*text, port);
  }
  if (!inode) return std::nullopt;
  const std::string link = fmt::format("socket:[{}]", *inode);
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    auto pid = number<int>(entry->path().filename().native(), 10);
    if (pid && has_socket(*pid, link)) return PortHolder{*pid, command_of(*pid)};
  }
  return PortHolder{};
}

std::string describe_holder(uint16_t port, const PortHolder& holder) {
  if (holder.pid == 0) return fmt::format("port {} is held by a process of another user", port);
  return fmt::format("port {} is held by pid {} ({})", port, holder.pid, holder.command);
}

}  // namespace howdah::cli
