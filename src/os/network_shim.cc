// The holder of a network and the keeper of its gateway (network.h). All of this runs
// single-threaded.

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/sched.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "base/text.h"
#include "os/file.h"
#include "os/halves.h"
#include "os/layout.h"
#include "os/netlink.h"
#include "os/network.h"
#include "os/shims.h"

namespace howdah::os {
namespace {

constexpr const char* kUplink = "host0";  // the host's end of it lies outside
constexpr const char* kWayOut = "out0";   // port of the bridge; the gateway's frames come and go
constexpr const char* kFrames = "out1";   // at its other end
constexpr int kGatewayStartMillis = 5000;
constexpr size_t kMaxFrame = 1 << 16;
constexpr int kGatewayPauseMillis = 1000;

// ---- the holder
// -----------------------------------------------------------------------------------

base::Result<base::Fd> open_own_network() {
  base::Fd own(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!own.valid()) return base::from_errno("open the network namespace");
  return own;
}

base::Result<base::Fd> open_door(const std::filesystem::path& folder) {
  const auto path = NetworkFolder{folder}.door();
  ::unlink(path.c_str());
  base::Fd at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  base::Fd door(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/door", at.get());
  if (!at.valid() || !door.valid() ||
      ::bind(door.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(door.get(), 64) != 0)
    return base::from_errno("listen at " + path.string());
  return door;
}

class Holder {
 public:
  Holder(NetworkSpec spec, base::Fd own, base::Fd door)
      : spec_(std::move(spec)), own_(std::move(own)), door_(std::move(door)) {}

  [[noreturn]] void serve() {
    for (;;) {
      base::Fd guest(::accept4(door_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!guest.valid()) continue;
      const timeval patience = {1, 0};
      ::setsockopt(guest.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      const auto request = receive_message(guest.get());
      if (!request.ok()) continue;
      auto answer = answer_to(*request);
      const std::string text =
          answer.ok() ? "ok"
                      : "error " + std::to_string(static_cast<int>(answer.error().code)) + " " +
                            answer.error().message;
      (void)send_message(guest.get(), text, answer.ok() ? answer->get() : -1).ok();
    }
  }

 private:
  base::Result<base::Fd> answer_to(const Message& request) {
    const auto words = base::split(request.text, ' ');
    if (words.size() != 3) return base::invalid_argument("three words are asked for");
    const std::string what(words[0]), name(words[1]);
    if (what == "unlink") {
      auto network = TRY(Netlink::open());
      TRY(network.remove_link(name));
      return base::Fd();
    }
    if (what == "gateway") return open_way_out();
    if (!request.fd.valid()) return base::invalid_argument("no process was named");
    if (::setns(request.fd.get(), CLONE_NEWNET) != 0)
      return base::from_errno("enter the node's network");
    const auto port = static_cast<uint16_t>(std::atoi(std::string(words[2]).c_str()));
    // What connects goes on while the caller waits: the holder never does.
    auto socket = what == "listen" ? begin_listening(name, port) : begin_connecting(name, port);
    if (::setns(own_.get(), CLONE_NEWNET) != 0) ::_exit(1);
    return socket;
  }

  // A raw socket at the end of a cable of its own: no device file is needed, nor a module for it.
  base::Result<base::Fd> open_way_out() {
    auto network = TRY(Netlink::open());
    TRY(network.remove_link(kWayOut));
    TRY(network.add_veth(kWayOut, kFrames, own_.get()));
    TRY(network.leave_no_work(kWayOut));
    TRY(network.set_up(kWayOut, spec_.bridge));
    TRY(network.set_up(kFrames));
    base::Fd frames(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!frames.valid()) return base::from_errno("open a packet socket");
    const int yes = 1;
    sockaddr_ll at = {};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(::if_nametoindex(kFrames));
    if (::setsockopt(frames.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0 ||
        ::bind(frames.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
      return base::from_errno("listen to frames");
    return frames;
  }

  NetworkSpec spec_;
  base::Fd own_, door_;
};

base::Status build_network(const NetworkSpec& spec) {
  auto network = TRY(Netlink::open());
  TRY(network.set_up("lo"));
  auto bridge = network.add_bridge(spec.bridge, spec.id);
  if (!bridge.ok()) {
    bridge = base::Error{base::Code::kFailedPrecondition,
                         bridge.error().message + ": load the kernel's module 'bridge'",
                         {},
                         {}};
    return bridge;
  }
  TRY(network.set_up(spec.bridge));
  if (::geteuid() != 0 || spec.ids.kind != IdMap::Kind::kRange) return base::ok();
  return network.set_up(kUplink, spec.bridge);
}

[[noreturn]] void holder_half(const NetworkSpec& spec, const std::filesystem::path& folder,
                              int socket) {
  ::close(3);  // the report is the outside half's
  auto go = receive_message(socket);
  if (!go.ok()) ::_exit(1);
  become_container_root(spec.ids);
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // the server, an ordinary user perhaps, must enter
  auto built = build_network(spec);
  auto own = open_own_network();
  auto door = open_door(folder);
  if (built.ok() && !own.ok()) built = own.error();
  if (built.ok() && !door.ok()) built = door.error();
  const std::string text = built.ok()
                               ? "ready"
                               : "error " + std::to_string(static_cast<int>(built.error().code)) +
                                     " " + built.error().message;
  if (!send_message(socket, text).ok() || !built.ok()) ::_exit(1);
  auto answer = receive_message(socket);
  if (!answer.ok() || answer->text != "stay") ::_exit(1);
  ::close(socket);
  leave_terminal();
  Holder(spec, std::move(*own), std::move(*door)).serve();
}

// With root, the host's own end of the network: the kernel routes the subnet through it.
base::Status link_host(const NetworkSpec& spec, pid_t holder) {
  base::Fd theirs(
      ::open(("/proc/" + std::to_string(holder) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  if (!theirs.valid()) return base::from_errno("open the network's namespace");
  auto host = TRY(Netlink::open());
  TRY(host.remove_link(spec.bridge));
  TRY(host.add_veth(spec.bridge, kUplink, theirs.get(), spec.id));
  TRY(host.add_address(spec.bridge, {spec.host(), spec.subnet.prefix}));
  return host.set_up(spec.bridge);
}

base::Status start_holder(const NetworkFolder& folder) {
  const auto spec = TRY(network_spec_from(TRY(read_file(folder.spec()))));
  const bool root = spec.ids.kind == IdMap::Kind::kRange;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return base::from_errno("socketpair");
  base::Fd ours(ends[0]), theirs(ends[1]);
  const unsigned long flags = CLONE_NEWNET | (root ? 0 : CLONE_NEWUSER);
  const long holder = ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (holder < 0) {
    auto error =
        base::from_errno(root ? "make a network namespace" : "make a user and a network namespace");
    error.code = base::Code::kFailedPrecondition;
    error.message +=
        ": allow them (sysctl user.max_user_namespaces, user.max_net_namespaces, "
        "kernel.unprivileged_userns_clone), or run as root";
    return error;
  }
  if (holder == 0) {
    ours.reset();
    holder_half(spec, folder.path, theirs.get());
  }
  theirs.reset();
  const auto pid = static_cast<pid_t>(holder);
  if (root)
    TRY(link_host(spec, pid));
  else
    TRY(map_ids_of(pid, spec.ids));
  TRY(send_message(ours.get(), "go"));
  const auto answer = TRY(receive_message(ours.get()));
  if (answer.text.rfind("error ", 0) == 0) {
    const size_t blank = answer.text.find(' ', 6);
    return base::Error{static_cast<base::Code>(std::atoi(answer.text.c_str() + 6)),
                       blank == answer.text.npos ? answer.text : answer.text.substr(blank + 1),
                       {},
                       {}};
  }
  const auto identity = identity_of(pid);
  if (!identity) return base::internal("the network's holder has ended at once");
  const base::JsonObject saved = {{"version", 1}, {"holder", to_json(*identity)}};
  TRY(write_file(folder.holder(), base::to_text(saved) + "\n", 0600, Durability::kProcess));
  return send_message(ours.get(), "stay");
}

// ---- the keeper of the gateway
// -----------------------------------------------------------------------

class Keeper {
 public:
  Keeper(NetworkFolder folder, NetworkSpec spec, base::Fd holder_fd)
      : folder_(std::move(folder)), spec_(std::move(spec)), holder_fd_(std::move(holder_fd)) {}

  int keep() {
    while (!holder_ended(0)) {
      run_once();
      holder_ended(kGatewayPauseMillis);
    }
    return 0;
  }

 private:
  bool holder_ended(int wait_millis) {
    pollfd waiting = {holder_fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, wait_millis) > 0;
  }

  // A user namespace of its own lets it shut itself in without root, too.
  static bool be_root_of_nothing() {
    const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
    const auto put = [](const char* path, const std::string& text) {
      base::Fd fd(::open(path, O_WRONLY | O_CLOEXEC));
      return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    };
    return ::unshare(CLONE_NEWUSER) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", "0 " + uid + " 1") &&
           put("/proc/self/gid_map", "0 " + gid + " 1");
  }

  [[noreturn]] void exec_gateway(const std::string& socket) {
    ::setpgid(0, 0);
    const int log =
        ::open(folder_.gateway_log().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log >= 0) ::dup2(log, 1), ::dup2(log, 2);
    const std::string program = find_gateway_program().string();
    std::vector<std::string> words = {program,
                                      "--disable-host-loopback",
                                      "--cidr=" + to_text(spec_.subnet),
                                      "--api-socket=" + socket + "-api",
                                      "--enable-seccomp",
                                      "--target-type=bess"};
    if (::geteuid() == 0 || be_root_of_nothing()) words.push_back("--enable-sandbox");
    words.push_back(socket);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  // It makes its socket some milliseconds after its start.
  base::Fd connect_gateway(const std::string& path, int type, int gateway_fd) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    for (int waited = 0; waited < kGatewayStartMillis; waited += 10) {
      base::Fd socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
      if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
        return socket;
      pollfd waiting = {gateway_fd, POLLIN, 0};
      if (::poll(&waiting, 1, 10) > 0) break;
    }
    return base::Fd();
  }

  // As a network does, what the other side does not take at once is dropped.
  static void pass_on(int from, int to, std::string& buffer) {
    for (int i = 0; i < 64; ++i) {
      const ssize_t n = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n <= 0) return;
      if (::send(to, buffer.data(), static_cast<size_t>(n), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
      }
    }
  }

  // Until gateway or holder have ended.
  void relay(int frames, int gateway, int gateway_fd) {
    std::string buffer(kMaxFrame, '\0');
    for (;;) {
      pollfd waiting[4] = {{holder_fd_.get(), POLLIN, 0},
                           {gateway_fd, POLLIN, 0},
                           {frames, POLLIN, 0},
                           {gateway, POLLIN, 0}};
      if (::poll(waiting, 4, -1) < 0) continue;
      if (waiting[0].revents != 0 || waiting[1].revents != 0) return;
      if ((waiting[3].revents & (POLLHUP | POLLERR)) != 0) return;
      if (waiting[2].revents != 0) pass_on(frames, gateway, buffer);
      if (waiting[3].revents != 0) pass_on(gateway, frames, buffer);
    }
  }

  void run_once() {
    auto frames = open_gateway_frames(folder_.path);
    base::Fd at(
        ::open(folder_.path.c_str(), O_PATH | O_DIRECTORY));  // inherited: its path is short
    if (!frames.ok() || !at.valid()) return;
    const std::string socket = "/proc/self/fd/" + std::to_string(at.get()) + "/gateway";
    for (const char* end : {"", "-api"}) ::unlink((socket + end).c_str());
    const pid_t gateway = ::fork();
    if (gateway < 0) return;
    if (gateway == 0) exec_gateway(socket);
    ::setpgid(gateway, gateway);
    base::Fd gateway_fd(static_cast<int>(::syscall(SYS_pidfd_open, gateway, 0)));
    const auto peer = connect_gateway(socket, SOCK_SEQPACKET, gateway_fd.get());
    // Its API comes after that; the next who asks finds the fronts of before.
    if (peer.valid() && connect_gateway(socket + "-api", SOCK_STREAM, gateway_fd.get()).valid())
      show_fronts_again(folder_.path);
    if (peer.valid()) relay(frames->get(), peer.get(), gateway_fd.get());
    ::kill(-gateway, SIGKILL);
    while (::waitpid(gateway, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  NetworkFolder folder_;
  NetworkSpec spec_;
  base::Fd holder_fd_;
};

}  // namespace

int network_shim(const std::filesystem::path& network_folder) {
  auto started = start_holder(NetworkFolder{network_folder});
  if (!started.ok()) return report_error(started.error()), 1;
  report_ok("");
  return 0;
}

int gateway_shim(const std::filesystem::path& network_folder) {
  const NetworkFolder folder{network_folder};
  auto text = read_file(folder.spec());
  if (!text.ok()) return report_error(text.error()), 1;
  auto spec = network_spec_from(*text);
  if (!spec.ok()) return report_error(spec.error()), 1;
  const auto holder = saved_holder(network_folder);
  if (!holder) return report_error(base::not_found("the network has no holder")), 1;
  auto holder_fd = open_pidfd(*holder);
  if (!holder_fd.ok()) return report_error(holder_fd.error()), 1;
  const pid_t keeper = ::fork();
  if (keeper < 0) return report_error(base::from_errno("fork")), 1;
  if (keeper > 0) ::_exit(0);
  ::setsid();
  leave_terminal();
  report_ok("");
  return Keeper(folder, std::move(*spec), std::move(*holder_fd)).keep();
}

}  // namespace howdah::os
