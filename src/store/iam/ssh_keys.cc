#include "store/iam/ssh_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "os/file.h"

namespace howdah::store::iam {
namespace {

constexpr size_t kLongestKey = 16 * 1024;
constexpr std::string_view kTypes[] = {"ssh-ed25519",
                                       "ssh-rsa",
                                       "ecdsa-sha2-nistp256",
                                       "ecdsa-sha2-nistp384",
                                       "ecdsa-sha2-nistp521",
                                       "sk-ssh-ed25519@openssh.com",
                                       "sk-ecdsa-sha2-nistp256@openssh.com"};

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

}  // namespace

base::Result<std::string> check_ssh_key(std::string_view text) {
  const std::string_view line = base::trim(text);
  const std::vector<std::string_view> words = base::split(line, ' ');
  const bool known = std::find(std::begin(kTypes), std::end(kTypes), words[0]) != std::end(kTypes);
  if (line.size() > kLongestKey || !is_plain(line) || !known || words.size() < 2)
    return base::invalid_argument(
        fmt::format("This is not one line of an OpenSSH public key, which begins with {}.",
                    fmt::join(kTypes, ", ")));
  // The type stands inside once more, behind its length (RFC 4253, 6.6).
  const auto bytes = base::from_base64(words[1]);
  if (!bytes ||
      !std::string_view(*bytes).substr(std::min<size_t>(4, bytes->size())).starts_with(words[0]))
    return base::invalid_argument("The base64 text of this OpenSSH public key is broken.");
  return std::string(line);
}

std::filesystem::path SshKeys::path_of(std::string_view name) const {
  return folder_ / ("key-" + base::percent_encode(name) + ".pub");
}

base::Status SshKeys::put(std::string_view name, std::string_view public_key) {
  if (name.empty() || name.size() > 60 || !is_plain(name))
    return base::invalid_argument("A key pair's name has 1 to 60 ASCII characters.");
  const std::string key = TRY(check_ssh_key(public_key));
  TRY(os::make_folders(folder_, 0700));
  return os::write_file(path_of(name), key + "\n", 0644, os::Durability::kPower);
}

base::Result<std::string> SshKeys::find(std::string_view name) const {
  const auto text = os::read_file(path_of(name));
  if (!text.ok()) return base::not_found(fmt::format("There is no ssh key '{}'.", name));
  return std::string(base::trim(*text));
}

}  // namespace howdah::store::iam
