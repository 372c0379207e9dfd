#include "os/usage.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "base/text.h"
#include "os/file.h"

namespace howdah::os {
namespace {

uint64_t number(std::string_view text) {
  uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// Fields of /proc/<pid>/stat as proc(5) numbers them. The second is a name in which anything may
// stand, blanks and parentheses too.
class Stat {
 public:
  explicit Stat(std::string_view text) {
    const size_t end = text.rfind(')');
    if (end != text.npos && end + 2 <= text.size())
      fields_ = base::split(text.substr(end + 2), ' ');
  }
  bool valid() const { return fields_.size() > 24 - kFirst; }
  uint64_t field(size_t n) const { return number(fields_[n - kFirst]); }

 private:
  static constexpr size_t kFirst = 3;
  std::vector<std::string_view> fields_;
};

constexpr size_t kParent = 4, kUser = 14, kSystem = 15, kChildrenUser = 16, kChildrenSystem = 17,
                 kResident = 24;

}  // namespace

Usage& Usage::operator+=(const Usage& more) {
  cpu += more.cpu;
  memory_bytes += more.memory_bytes;
  read_bytes += more.read_bytes;
  written_bytes += more.written_bytes;
  return *this;
}

ProcessTable ProcessTable::read(const std::string& proc) {
  static const auto ticks = static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  ProcessTable out;
  out.proc_ = proc;
  std::error_code failed;
  for (std::filesystem::directory_iterator each(proc, failed), end; !failed && each != end;
       each.increment(failed)) {
    const auto pid = static_cast<pid_t>(number(each->path().filename().string()));
    if (pid == 0) continue;
    const auto text = read_file(each->path() / "stat");
    if (!text.ok()) continue;  // it has ended
    const Stat stat(*text);
    if (!stat.valid()) continue;
    Entry entry;
    entry.parent = static_cast<pid_t>(stat.field(kParent));
    const uint64_t cpu = stat.field(kUser) + stat.field(kSystem) + stat.field(kChildrenUser) +
                         stat.field(kChildrenSystem);
    entry.usage.cpu = base::Millis(static_cast<int64_t>(cpu * 1000 / ticks));
    entry.usage.memory_bytes = stat.field(kResident) * page;
    out.children_[entry.parent].push_back(pid);
    out.entries_[pid] = entry;
  }
  return out;
}

Usage ProcessTable::of(pid_t pid) const {
  Usage out = entries_.at(pid).usage;
  const auto io = read_file(std::filesystem::path(proc_) / std::to_string(pid) / "io");
  if (!io.ok()) return out;
  for (const std::string_view line : base::split(*io, '\n')) {
    constexpr std::string_view kRead = "read_bytes: ", kWritten = "write_bytes: ";
    if (line.starts_with(kRead)) out.read_bytes = number(line.substr(kRead.size()));
    if (line.starts_with(kWritten)) out.written_bytes = number(line.substr(kWritten.size()));
  }
  return out;
}

pid_t ProcessTable::parent_of(pid_t pid) const {
  const auto entry = entries_.find(pid);
  return entry == entries_.end() ? 0 : entry->second.parent;
}

Usage ProcessTable::below(pid_t root) const {
  Usage out;
  std::vector<pid_t> left = {root};
  // Who is parent of whom was not read at one instant: a pid that was reused meanwhile must not
  // lead around in a circle.
  for (size_t steps = 0; !left.empty() && steps <= entries_.size(); ++steps) {
    const auto children = children_.find(left.back());
    left.pop_back();
    if (children == children_.end()) continue;
    for (const pid_t child : children->second) {
      out += of(child);
      left.push_back(child);
    }
  }
  return out;
}

}  // namespace howdah::os
