// The two halves of a container's start (container.h), and the small shims that enter one.

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "os/container.h"
#include "os/file.h"
#include "os/halves.h"
#include "os/layout.h"
#include "os/netlink.h"
#include "os/network.h"
#include "os/rootfs.h"
#include "os/shims.h"

namespace howdah::os {
namespace {

constexpr uint32_t kMetadataAddress = 0xA9FEA9FE;  // 169.254.169.254, where EC2 has it

// ---- inside
// --------------------------------------------------------------------------------------

[[noreturn]] void reap_for_ever() {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  for (;;) {
    siginfo_t info;
    if (::sigwaitinfo(&all, &info) < 0) continue;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
}

base::Result<std::map<int, Source>> receive_sources(int socket) {
  std::map<int, Source> sources;
  for (;;) {
    auto message = TRY(receive_message(socket));
    if (message.text == "go") return sources;
    const auto words = base::split(message.text, ' ');
    if (words.size() != 3 || words[0] != "source")
      return base::internal("an unknown word: " + message.text);
    Source source;
    source.ids_mapped = words[2] == "mapped";
    source.fd = std::move(message.fd);
    sources[std::atoi(std::string(words[1]).c_str())] = std::move(source);
  }
}

base::Result<std::string> build_inside(const ContainerSpec& spec, int socket) {
  auto sources = TRY(receive_sources(socket));
  become_container_root(spec.ids);
  if (::sethostname(spec.hostname.data(), spec.hostname.size()) != 0)
    return base::from_errno("set the hostname");
  RootBuilder builder(spec, std::move(sources));
  TRY(builder.build());
  TRY(builder.pivot());
  return base::join(builder.warnings(), "\t");
}

[[noreturn]] void inside_half(const ContainerSpec& spec, int socket) {
  ::close(3);  // the report is the outside half's
  auto built = build_inside(spec, socket);
  const std::string text = built.ok() ? "ready " + *built : "error " + built.error().message;
  if (!send_message(socket, text).ok() || !built.ok()) ::_exit(1);
  // Only what is written down may stay.
  auto answer = receive_message(socket);
  if (!answer.ok() || answer->text != "stay") ::_exit(1);
  // Root of the host may still enter; the node's root must not read this process. Without root on
  // the host the server is an ordinary user, and needs it readable to enter.
  ::prctl(PR_SET_DUMPABLE, spec.ids.kind == IdMap::Kind::kRange ? 0 : 1, 0, 0, 0);
  leave_terminal();
  ::close_range(3, ~0u, 0);
  reap_for_ever();
}

// ---- outside
// -------------------------------------------------------------------------------------

// Root opens what only root may: folders below the data directory, and lower layers with ids mapped
// so that the host's root is shown as the container's, which it is not.
base::Status send_sources(const ContainerSpec& spec, pid_t init, int socket) {
  base::Fd users(
      ::open(("/proc/" + std::to_string(init) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  if (!users.valid()) return base::from_errno("open the user namespace");
  for (size_t i = 0; i < spec.steps.size(); ++i) {
    const auto& step = spec.steps[i];
    if (step.kind != BuildStep::Kind::kOverlay && step.kind != BuildStep::Kind::kBind &&
        step.kind != BuildStep::Kind::kCopy)
      continue;
    auto source = TRY(open_source(step));
    if (!source.fd.valid()) {
      TRY(send_message(socket, "source " + std::to_string(i) + " plain"));
      continue;
    }
    if (step.kind == BuildStep::Kind::kOverlay)
      source.ids_mapped = map_ids(source.fd, users.get()).ok();
    TRY(send_message(socket,
                     "source " + std::to_string(i) + (source.ids_mapped ? " mapped" : " plain"),
                     source.fd.get()));
  }
  if (::chown(spec.fs.c_str(), spec.ids.base, spec.ids.base) != 0)
    return base::from_errno("chown " + spec.fs.string());
  auto fs = TRY(clone_tree(spec.fs.string(), false));
  return send_message(socket, "source " + std::to_string(kFsSource) + " plain", fs.get());
}

// Into the namespace that holds the network's bridge; without root also into the user namespace
// that owns it, of which the container's becomes a child.
base::Status enter_network(const ContainerSpec& spec) {
  const auto holder = saved_holder(spec.network.folder);
  const auto gone = base::Error{
      base::Code::kFailedPrecondition,
      "the network " + spec.network.folder.filename().string() + " does not run: ensure it first",
      {},
      {}};
  if (!holder || !is_running(*holder)) return gone;
  const auto pidfd = TRY(open_pidfd(*holder));
  const bool root = spec.ids.kind == IdMap::Kind::kRange;
  if (::setns(pidfd.get(), CLONE_NEWNET | (root ? 0 : CLONE_NEWUSER)) != 0)
    return base::from_errno("enter the network");
  if (root) return base::ok();
  become_container_root(spec.ids);
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // or the id maps of children could not be written
  return base::ok();
}

// The cable between the bridge and the container, and what the container has at its end of it.
base::Status connect_container(const ContainerNetwork& place, pid_t init) {
  base::Fd theirs(
      ::open(("/proc/" + std::to_string(init) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  if (!theirs.valid()) return base::from_errno("open the node's network");
  const auto address = parse_subnet(place.address);
  if (!address) return base::invalid_argument("'" + place.address + "' is not an IPv4 address");
  auto network = TRY(Netlink::open());
  TRY(network.remove_link(place.link));
  TRY(network.add_veth(place.link, "eth0", theirs.get()));
  TRY(network.set_up(place.link, place.bridge));
  if (::setns(theirs.get(), CLONE_NEWNET) != 0) return base::from_errno("enter the node's network");
  auto inside = TRY(Netlink::open());
  TRY(inside.set_up("lo"));
  TRY(inside.add_address("lo", {kMetadataAddress, 32}));
  TRY(inside.add_address("eth0", *address));
  TRY(inside.set_up("eth0"));
  if (const auto gateway = parse_address(place.gateway)) TRY(inside.add_default_route(*gateway));
  return base::ok();
}

base::Result<std::string> start_outside(const NodeFolder& folder) {
  const auto spec = TRY(container_spec_from(TRY(read_file(folder.container()))));
  TRY(make_folders(spec.fs, 0755));
  const bool networked = !spec.network.folder.empty();
  if (networked) TRY(enter_network(spec));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return base::from_errno("socketpair");
  base::Fd ours(ends[0]), theirs(ends[1]);
  const unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
                              CLONE_NEWIPC | (networked ? CLONE_NEWNET : 0);
  const long init = ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (init < 0) {
    auto error = base::from_errno("make user, mount, PID, UTS and IPC namespaces");
    error.code = base::Code::kFailedPrecondition;
    error.message +=
        ": allow user namespaces (sysctl user.max_user_namespaces, "
        "kernel.unprivileged_userns_clone), or run as root";
    return error;
  }
  if (init == 0) {
    ours.reset();
    inside_half(spec, theirs.get());
  }
  theirs.reset();
  const auto pid = static_cast<pid_t>(init);
  const bool root = spec.ids.kind == IdMap::Kind::kRange;
  TRY(map_ids_of(pid, spec.ids, networked && !root));
  if (networked) TRY(connect_container(spec.network, pid));
  if (root) TRY(send_sources(spec, pid, ours.get()));
  TRY(send_message(ours.get(), "go"));
  const auto answer = TRY(receive_message(ours.get()));
  if (answer.text.rfind("ready ", 0) != 0)
    return base::internal(answer.text.rfind("error ", 0) == 0 ? answer.text.substr(6)
                                                              : answer.text);
  const auto identity = identity_of(pid);
  if (!identity) return base::internal("the container's init has ended at once");
  const base::JsonObject saved = {{"version", 1}, {"init", to_json(*identity)}};
  TRY(write_file(folder.init(), base::to_text(saved) + "\n", 0600, Durability::kProcess));
  TRY(send_message(ours.get(), "stay"));
  return answer.text.substr(6);
}

// In a child: joins user and mount namespace of a running container.
base::Status enter(const NodeFolder& folder) {
  const auto init = saved_init(folder.path);
  if (!init) return base::not_found("no container was started from " + folder.path.string());
  auto pidfd = TRY(open_pidfd(*init));
  if (::setns(pidfd.get(), CLONE_NEWUSER | CLONE_NEWNS) != 0)
    return base::from_errno("enter the node's namespaces");
  return base::ok();
}

base::Status rewrite_inside(const NodeFolder& folder) {
  const auto spec = TRY(container_spec_from(TRY(read_file(folder.changes()))));
  if (::geteuid() == 0) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  TRY(enter(folder));
  become_container_root(spec.ids);
  base::Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return base::from_errno("open the node's root");
  return write_container_files(spec, Inside(std::move(root)));
}

// Names are looked at one by one, so that one stubborn entry does not keep the rest.
bool erase_all_in(const std::filesystem::path& trash) {
  bool all = true;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(trash, error))
    all = erase_tree(entry.path()).ok() && all;
  return all && !error;
}

// Files of subordinate ids can be erased only where those ids are the eraser's. Each half closes
// the other's end, so that neither waits for a dead one.
int erase_as_container_root(const std::filesystem::path& trash) {
  const IdMap ids = best_id_map(0, 0);
  int ends[2];
  if (ids.kind != IdMap::Kind::kSubordinate ||
      ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return 1;
  base::Fd ours(ends[0]), theirs(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    ours.reset();
    if (::unshare(CLONE_NEWUSER) != 0 || !send_message(theirs.get(), "map").ok() ||
        !receive_message(theirs.get()).ok())
      ::_exit(1);
    become_container_root(ids);
    ::_exit(erase_all_in(trash) ? 0 : 1);
  }
  theirs.reset();
  const bool mapped = child > 0 && receive_message(ours.get()).ok() &&
                      map_ids_of(child, ids).ok() && send_message(ours.get(), "go").ok();
  ours.reset();
  int status = 1;
  if (child > 0) ::waitpid(child, &status, 0);
  return mapped ? status : 1;
}

}  // namespace

int container_shim(const std::filesystem::path& node_folder) {
  auto started = start_outside(NodeFolder{node_folder});
  if (!started.ok()) return report_error(started.error()), 1;
  report_ok(*started);
  return 0;
}

int files_shim(const std::filesystem::path& node_folder) {
  auto written = rewrite_inside(NodeFolder{node_folder});
  if (!written.ok()) return report_error(written.error()), 1;
  report_ok("");
  return 0;
}

int erase_shim(const std::filesystem::path& trash) {
  const pid_t eraser = ::fork();
  if (eraser < 0) return report_error(base::from_errno("fork")), 1;
  if (eraser > 0) ::_exit(0);
  report_ok("");
  if (::nice(10) < 0) {
  }
  return erase_all_in(trash) ? 0 : erase_as_container_root(trash);
}

}  // namespace howdah::os
