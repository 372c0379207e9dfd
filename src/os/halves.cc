#include "os/halves.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace howdah::os {
namespace {

base::Status put(const std::string& path, const std::string& text) {
  base::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return base::from_errno("open " + path);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return base::from_errno("write '" + text + "' to " + path);
  return base::ok();
}

base::Status run_mapper(const char* program, pid_t pid, uint32_t own, const IdMap& ids) {
  const std::string words[] = {
      std::to_string(pid),          "0", std::to_string(own), "1", "1", std::to_string(ids.base),
      std::to_string(ids.count - 1)};
  const pid_t child = ::fork();
  if (child < 0) return base::from_errno("fork");
  if (child == 0) {
    ::execl(program, program, words[0].c_str(), words[1].c_str(), words[2].c_str(),
            words[3].c_str(), words[4].c_str(), words[5].c_str(), words[6].c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0)
    return base::Error{base::Code::kFailedPrecondition,
                       std::string(program) + " refused the range of /etc/subuid or /etc/subgid",
                       {},
                       {}};
  return base::ok();
}

}  // namespace

base::Status send_message(int socket, const std::string& text, int fd) {
  iovec part = {const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
    return base::from_errno("speak to the other half");
  return base::ok();
}

base::Result<Message> receive_message(int socket) {
  char buffer[16384];
  iovec part = {buffer, sizeof buffer};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  const ssize_t n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (n < 0) return base::from_errno("hear the other half");
  if (n == 0) return base::unavailable("the other half of the start has ended");
  Message received{std::string(buffer, static_cast<size_t>(n)), base::Fd()};
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message);
      header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    received.fd = base::Fd(fd);
  }
  return received;
}

base::Status map_ids_of(pid_t pid, const IdMap& ids, bool nested) {
  const std::string proc = "/proc/" + std::to_string(pid);
  if (nested && ids.kind != IdMap::Kind::kSingle) {
    // A line must lie within one line of the map above, which has the same two.
    const std::string lines = "0 0 1\n1 1 " + std::to_string(ids.count - 1) + "\n";
    TRY(put(proc + "/uid_map", lines));
    return put(proc + "/gid_map", lines);
  }
  if (ids.kind == IdMap::Kind::kSubordinate) {
    TRY(run_mapper("/usr/bin/newuidmap", pid, ::geteuid(), ids));
    return run_mapper("/usr/bin/newgidmap", pid, ::getegid(), ids);
  }
  if (ids.kind == IdMap::Kind::kRange) {
    const std::string line = "0 " + std::to_string(ids.base) + " " + std::to_string(ids.count);
    TRY(put(proc + "/uid_map", line));
    return put(proc + "/gid_map", line);
  }
  TRY(put(proc + "/setgroups", "deny"));
  const std::string inside = std::to_string(ids.inside);
  TRY(put(proc + "/uid_map", inside + " " + std::to_string(::geteuid()) + " 1"));
  return put(proc + "/gid_map", inside + " " + std::to_string(::getegid()) + " 1");
}

void leave_terminal() {
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0) return;
  for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
  if (nowhere > 2) ::close(nowhere);
}

void become_container_root(const IdMap& ids) {
  if (ids.kind == IdMap::Kind::kSingle)
    return;  // we are the only user there is, with all its powers
  if (::setgroups(0, nullptr) != 0 || ::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0)
    ::_exit(1);
}

}  // namespace howdah::os
