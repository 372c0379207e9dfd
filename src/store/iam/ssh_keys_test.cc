#include "store/iam/ssh_keys.h"

#include <gtest/gtest.h>

#include "base/ids.h"

namespace howdah::store::iam {
namespace {

const std::string kKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHlpZWxkIG5vdGhpbmcgdG8gc3RyYW5nZXJzISEh me@here";

TEST(SshKeys, KeepsTheKeysOfPairsByName) {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("howdah-keys-" + base::RandomIds().token(base::kLowerAlnum, 10));
  SshKeys keys(folder / "keys");
  ASSERT_TRUE(keys.put("my key/../x", kKey + "\n").ok());
  EXPECT_EQ(keys.find("my key/../x").value(), kKey);
  EXPECT_EQ(keys.find("another").error().code, base::Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder / "x.pub"));
  EXPECT_FALSE(keys.put("", kKey).ok());
  EXPECT_FALSE(keys.put(std::string(61, 'a'), kKey).ok());
  std::filesystem::remove_all(folder);
}

TEST(SshKeys, TakesNothingButOnePublicKey) {
  EXPECT_EQ(check_ssh_key("  " + kKey + "\n").value(), kKey);
  for (const std::string& text :
       {std::string(), std::string("ssh-ed25519"), std::string("ssh-ed25519 AAAA"),
        "command=\"sh\" " + kKey, kKey + "\n" + kKey, "ssh-rsa" + kKey.substr(11),
        std::string("-----BEGIN OPENSSH PRIVATE KEY-----")}) {
    EXPECT_FALSE(check_ssh_key(text).ok()) << text;
  }
}

}  // namespace
}  // namespace howdah::store::iam
