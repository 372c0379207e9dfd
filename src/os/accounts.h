#pragma once

// Users by name, from the passwd file that is seen from here, without NSS: inside a node its own
// file counts, and a shim must not load the host's modules. Free functions; threads: any.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace howdah::os {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
};

std::optional<Account> find_account(std::string_view name,
                                    const std::filesystem::path& passwd = "/etc/passwd");

/// `count` ids beginning at `start` that the user may map (subuid(5)).
struct SubordinateIds {
  uint32_t start = 0;
  uint32_t count = 0;
};
/// The largest range that the file gives to that user, by name or number.
std::optional<SubordinateIds> find_subordinate_ids(uid_t uid, const std::filesystem::path& file);

}  // namespace howdah::os
