#pragma once

// What every kind of work is kept under: the account and region of the request that made it, and an
// id that says what it is.

#include <compare>
#include <string>

namespace howdah::job {

struct Key {
  std::string account;  // "000000000000"
  std::string region;   // "us-east-1"
  std::string id;       // of a cluster "j-" + 13 of A-Z0-9; of an application "00" + 14 of a-z0-9
  auto operator<=>(const Key&) const = default;
};

}  // namespace howdah::job
