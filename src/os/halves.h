#pragma once

// What the two halves of a start say to each other (container_shim.cc, network_shim.cc): the
// outside half keeps the host's rights and maps ids, the inside half is the first process of new
// namespaces. Ownership: sockets are the caller's, received descriptors the message's.
// Single-threaded shims only. Failure: kUnavailable when the other half has ended.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "os/container.h"

namespace howdah::os {

/// A text of at most 16 KiB and perhaps a descriptor, over a SOCK_SEQPACKET socket.
base::Status send_message(int socket, const std::string& text, int fd = -1);

struct Message {
  std::string text;
  base::Fd fd;
};
base::Result<Message> receive_message(int socket);

/// What stays for long holds neither terminal nor log of whoever started the server.
void leave_terminal();

/// Writes the id maps of a process that has just made a user namespace. `nested`: the caller itself
/// is inside a user namespace with the same map, which is handed on as it is.
base::Status map_ids_of(pid_t pid, const IdMap& ids, bool nested = false);

/// Root of the namespace that the maps describe; where only one id is mapped we are it already.
void become_container_root(const IdMap& ids);

}  // namespace howdah::os
