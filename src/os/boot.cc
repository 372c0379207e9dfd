#include "os/boot.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "os/file.h"

namespace howdah::os {
namespace {

struct Stat {
  char state = 'X';
  uint64_t start_ticks = 0;
};

// The name in field 2 may itself hold blanks and parentheses: fields are counted after the last
// ')'.
std::optional<Stat> read_stat(pid_t pid) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!text.ok()) return std::nullopt;
  const size_t end = text->rfind(')');
  if (end == std::string::npos || end + 2 >= text->size()) return std::nullopt;
  const auto fields = base::split(std::string_view(*text).substr(end + 2), ' ');
  if (fields.size() < 20 || fields[0].size() != 1) return std::nullopt;
  Stat stat;
  stat.state = fields[0][0];
  stat.start_ticks = std::strtoull(std::string(fields[19]).c_str(), nullptr, 10);
  return stat;
}

}  // namespace

const std::string& boot_id() {
  static const std::string id = [] {
    auto text = read_file("/proc/sys/kernel/random/boot_id");
    return text.ok() ? std::string(base::trim(*text)) : std::string("unknown");
  }();
  return id;
}

std::optional<ProcessIdentity> identity_of(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  const auto stat = read_stat(pid);
  if (!stat || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  return ProcessIdentity{pid, stat->start_ticks, boot_id()};
}

bool is_running(const ProcessIdentity& identity) {
  if (identity.boot_id != boot_id()) return false;
  const auto now = identity_of(identity.pid);
  return now && now->start_ticks == identity.start_ticks;
}

base::Result<base::Fd> open_pidfd(const ProcessIdentity& identity) {
  base::Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0)));
  // Looked at after opening: whoever has the pid now has it as long as we hold the descriptor.
  if (!fd.valid() || !is_running(identity))
    return base::not_found("process " + std::to_string(identity.pid) + " does not run");
  return fd;
}

base::JsonObject to_json(const ProcessIdentity& identity) {
  return {{"pid", identity.pid},
          {"start_ticks", static_cast<int64_t>(identity.start_ticks)},
          {"boot_id", identity.boot_id}};
}

ProcessIdentity identity_from(const base::JsonObject& object) {
  ProcessIdentity identity;
  identity.pid = static_cast<pid_t>(base::int_at(object, "pid"));
  identity.start_ticks = static_cast<uint64_t>(base::int_at(object, "start_ticks"));
  identity.boot_id = base::text_at(object, "boot_id");
  return identity;
}

}  // namespace howdah::os
