#pragma once

// The public keys of EC2 key pairs: who may come in by ssh. A file a key, `<folder>/<name>.pub`.
// Ownership: owns nothing but the path. Threads: concurrent calls allowed. Failure:
// kInvalidArgument for what is not an OpenSSH public key, kNotFound for unknown names.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace howdah::store::iam {

/// The key pair of `howdah ssh`, beside the one that a cluster names.
inline constexpr std::string_view kOwnSshKey = "howdah";

/// "ssh-ed25519 AAAA… comment" without anything before or behind its one line; kInvalidArgument for
/// everything else, options of authorized_keys among it.
base::Result<std::string> check_ssh_key(std::string_view text);

class SshKeys {
 public:
  explicit SshKeys(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Replaces the key of that name (an EC2 key pair's name: 1 to 60 ASCII characters).
  base::Status put(std::string_view name, std::string_view public_key);
  base::Result<std::string> find(std::string_view name) const;

 private:
  std::filesystem::path path_of(std::string_view name) const;
  std::filesystem::path folder_;
};

}  // namespace howdah::store::iam
