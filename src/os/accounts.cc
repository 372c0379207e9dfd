#include "os/accounts.h"

#include <cstdlib>

#include "base/text.h"
#include "os/file.h"

namespace howdah::os {
namespace {

uint32_t number_of(std::string_view text) {
  return static_cast<uint32_t>(std::strtoul(std::string(text).c_str(), nullptr, 10));
}

std::string name_of(uid_t uid) {
  const auto text = read_file("/etc/passwd");
  if (!text.ok()) return {};
  for (const auto line : base::split(*text, '\n')) {
    const auto fields = base::split(line, ':');
    if (fields.size() >= 7 && number_of(fields[2]) == uid) return std::string(fields[0]);
  }
  return {};
}

}  // namespace

std::optional<Account> find_account(std::string_view name, const std::filesystem::path& passwd) {
  const auto text = read_file(passwd);
  if (!text.ok()) return std::nullopt;
  for (const auto line : base::split(*text, '\n')) {
    const auto fields = base::split(line, ':');
    if (fields.size() < 7 || fields[0] != name) continue;
    return Account{std::string(name), number_of(fields[2]), number_of(fields[3]),
                   std::string(fields[5])};
  }
  return std::nullopt;
}

std::optional<SubordinateIds> find_subordinate_ids(uid_t uid, const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text.ok()) return std::nullopt;
  const std::string number = std::to_string(uid), name = name_of(uid);
  std::optional<SubordinateIds> best;
  for (const auto line : base::split(*text, '\n')) {
    const auto fields = base::split(line, ':');
    if (fields.size() != 3 || (fields[0] != number && (name.empty() || fields[0] != name)))
      continue;
    const SubordinateIds ids{number_of(fields[1]), number_of(fields[2])};
    if (!best || ids.count > best->count) best = ids;
  }
  return best;
}

}  // namespace howdah::os
