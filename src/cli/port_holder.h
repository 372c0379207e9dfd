#pragma once

// Who holds a TCP port of this host: read from /proc/net/tcp{,6} (proc(5)) and the open files of
// every process that this user may look into. Free functions; nothing is changed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace howdah::cli {

/// The inode of a socket that listens on `port`, out of the text of /proc/net/tcp or tcp6.
std::optional<uint64_t> listening_inode(std::string_view proc_net_tcp, uint16_t port);

struct PortHolder {
  int pid = 0;  // 0: another user's process
  std::string command;
};

/// nullopt when nobody listens there.
std::optional<PortHolder> holder_of_port(uint16_t port);
/// "port 4566 is held by pid 812 (java -jar x.jar)".
std::string describe_holder(uint16_t port, const PortHolder& holder);

}  // namespace howdah::cli
