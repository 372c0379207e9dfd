#include "os/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "base/text.h"
#include "os/file.h"
#include "os/halves.h"
#include "os/layout.h"

namespace howdah::os {
namespace {

constexpr timeval kDoorPatience = {5, 0};

// The path of a unix socket holds 107 characters, a data directory's may be longer: through the
// folder's descriptor it is short.
base::Result<base::Fd> knock(const std::filesystem::path& folder) {
  base::Fd at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at.valid()) return base::from_errno("open " + folder.string());
  base::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return base::from_errno("socket");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/door", at.get());
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kDoorPatience, sizeof kDoorPatience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kDoorPatience, sizeof kDoorPatience);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    auto error = base::from_errno("reach the holder of the network " + folder.filename().string());
    error.code = base::Code::kUnavailable;
    return error;
  }
  return socket;
}

base::Result<base::Fd> ask(const std::filesystem::path& folder, const std::string& request,
                           int fd = -1) {
  const auto socket = TRY(knock(folder));
  TRY(send_message(socket.get(), request, fd));
  auto answer = TRY(receive_message(socket.get()));
  if (answer.text == "ok") return std::move(answer.fd);
  const size_t blank = answer.text.find(' ', 6);
  if (answer.text.rfind("error ", 0) != 0 || blank == answer.text.npos)
    return base::internal("the network's holder said '" + answer.text + "'");
  return base::Error{static_cast<base::Code>(std::atoi(answer.text.c_str() + 6)),
                     answer.text.substr(blank + 1),
                     {},
                     {}};
}

base::Result<sockaddr_in> socket_address(const std::string& text, uint16_t port) {
  const auto number = parse_address(text);
  if (!number) return base::invalid_argument("'" + text + "' is not an IPv4 address");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(*number);
  address.sin_port = htons(port);
  return address;
}

// A socket whose connecting has begun becomes a blocking one that is connected.
base::Result<base::Fd> when_connected(base::Fd socket, const std::string& where,
                                      base::Millis timeout) {
  pollfd waiting = {socket.get(), POLLOUT, 0};
  int ready = 0;
  while ((ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()))) < 0 && errno == EINTR) {
  }
  if (ready == 0)
    return base::Error{base::Code::kDeadlineExceeded, "no answer from " + where, {}, {}};
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    auto failed = base::from_errno("connect to " + where, error);
    failed.code = base::Code::kUnavailable;
    return failed;
  }
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
  return socket;
}

}  // namespace

base::Result<base::Fd> begin_connecting(const std::string& address, uint16_t port) {
  const auto name = TRY(socket_address(address, port));
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return base::from_errno("socket");
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 ||
      errno == EINPROGRESS)
    return socket;
  auto error = base::from_errno("connect to " + address + ":" + std::to_string(port));
  error.code = base::Code::kUnavailable;
  return error;
}

base::Result<base::Fd> begin_listening(const std::string& address, uint16_t port) {
  const auto name = TRY(socket_address(address, port));
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return base::from_errno("socket");
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
      ::listen(socket.get(), SOMAXCONN) == 0)
    return socket;
  const int why = errno;
  auto error = base::from_errno("listen at " + address + ":" + std::to_string(port), why);
  if (why == EADDRINUSE) error.code = base::Code::kAlreadyExists;
  return error;
}

std::string to_text(const NetworkSpec& spec) {
  return base::to_text(base::JsonObject{{"version", 1},
                                        {"id", spec.id},
                                        {"subnet", to_text(spec.subnet)},
                                        {"bridge", spec.bridge},
                                        {"ids", to_json(spec.ids)}});
}

base::Result<NetworkSpec> network_spec_from(const std::string& text) {
  const auto json = TRY(base::parse_json(text));
  if (!json.is_object() || base::int_at(json.as_object(), "version") != 1)
    return base::invalid_argument("not a network spec of version 1");
  const auto& object = json.as_object();
  NetworkSpec spec;
  spec.id = base::text_at(object, "id");
  spec.bridge = base::text_at(object, "bridge");
  const auto subnet = parse_subnet(base::text_at(object, "subnet"));
  if (!subnet || spec.bridge.empty())
    return base::invalid_argument("a network spec without subnet or bridge");
  spec.subnet = *subnet;
  if (const auto* ids = base::find_object(object, "ids")) spec.ids = id_map_from(*ids);
  return spec;
}

base::Result<ProcessIdentity> start_network(const Launcher& launcher,
                                            const std::filesystem::path& folder,
                                            const std::string& label) {
  TRY(launcher.run("network", folder.string(), label));
  const auto holder = saved_holder(folder);
  if (!holder) return base::internal("the network " + label + " left no identity of its holder");
  return *holder;
}

std::optional<ProcessIdentity> saved_holder(const std::filesystem::path& folder) {
  const auto text = read_file(NetworkFolder{folder}.holder());
  if (!text.ok()) return std::nullopt;
  const auto json = base::parse_json(*text);
  if (!json.ok() || !json->is_object()) return std::nullopt;
  const auto* holder = base::find_object(json->as_object(), "holder");
  if (holder == nullptr) return std::nullopt;
  return identity_from(*holder);
}

std::filesystem::path find_gateway_program() {
  for (const char* path : {"/usr/bin/slirp4netns", "/usr/local/bin/slirp4netns"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

std::string why_no_gateway() {
  if (find_gateway_program().empty())
    return "install the package slirp4netns (nodes reach the world through it)";
  return {};
}

base::Status start_gateway(const Launcher& launcher, const std::filesystem::path& folder,
                           const std::string& label) {
  TRY(launcher.run("gateway", folder.string(), label));
  return base::ok();
}

base::Result<base::Fd> connect_in(const std::filesystem::path& network_folder,
                                  const ProcessIdentity& container_init, const std::string& address,
                                  uint16_t port, base::Millis timeout) {
  const auto pidfd = TRY(open_pidfd(container_init));
  auto socket =
      TRY(ask(network_folder, "connect " + address + " " + std::to_string(port), pidfd.get()));
  return when_connected(std::move(socket),
                        address + ":" + std::to_string(port) + " inside the node", timeout);
}

base::Result<base::Fd> connect_here(const std::string& address, uint16_t port,
                                    base::Millis timeout) {
  return when_connected(TRY(begin_connecting(address, port)), address + ":" + std::to_string(port),
                        timeout);
}

base::Result<base::Fd> listen_in(const std::filesystem::path& network_folder,
                                 const ProcessIdentity& container_init, const std::string& address,
                                 uint16_t port) {
  const auto pidfd = TRY(open_pidfd(container_init));
  return ask(network_folder, "listen " + address + " " + std::to_string(port), pidfd.get());
}

base::Status remove_link_in(const std::filesystem::path& network_folder, const std::string& link) {
  TRY(ask(network_folder, "unlink " + link + " 0"));
  return base::ok();
}

base::Result<base::Fd> open_gateway_frames(const std::filesystem::path& network_folder) {
  return ask(network_folder, "gateway - 0");
}

}  // namespace howdah::os
