// Containers at loopback addresses of the host, by slirp4netns (network.h): its API takes a JSON
// object a connection (slirp4netns(1), "API socket").

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>

#include "base/json.h"
#include "os/file.h"
#include "os/layout.h"
#include "os/network.h"

namespace howdah::os {
namespace {

base::Result<base::JsonObject> ask_gateway(const std::filesystem::path& folder,
                                           const std::string& what,
                                           const base::JsonObject& arguments) {
  base::Fd at(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  base::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/gateway-api",
                at.get());
  const timeval patience = {2, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return base::unavailable("the gateway of " + folder.filename().string() + " does not answer");
  const std::string text =
      base::to_text(base::JsonObject{{"execute", what}, {"arguments", arguments}});
  std::string answer(1 << 16, '\0');
  if (::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0)
    return base::from_errno("ask the gateway");
  ::shutdown(socket.get(), SHUT_WR);
  size_t size = 0;
  for (ssize_t n; size < answer.size() &&
                  (n = ::recv(socket.get(), answer.data() + size, answer.size() - size, 0)) > 0;)
    size += static_cast<size_t>(n);
  const auto json = TRY(base::parse_json(std::string_view(answer).substr(0, size)));
  if (!json.is_object()) return base::internal("the gateway said " + answer.substr(0, size));
  return json.as_object();
}

void add_all(const std::filesystem::path& folder, const std::string& address,
             const base::JsonObject& front) {
  const auto* ports = base::find_array(front, "ports");
  if (ports == nullptr) return;
  for (const auto& port : *ports)  // a port that cannot be had is one that is not shown
    (void)ask_gateway(folder, "add_hostfwd",
                      {{"proto", "tcp"},
                       {"host_addr", base::text_at(front, "front")},
                       {"host_port", port},
                       {"guest_addr", address},
                       {"guest_port", port}})
        .ok();
}

}  // namespace

base::Status show_front(const std::filesystem::path& network_folder, const std::string& address,
                        const std::string& front, const std::vector<uint16_t>& ports) {
  const NetworkFolder folder{network_folder};
  base::JsonArray numbers;
  for (const uint16_t port : ports) numbers.emplace_back(port);
  const base::JsonObject shown = {{"version", 1}, {"front", front}, {"ports", numbers}};
  TRY(make_folders(folder.fronts(), 0700));
  TRY(write_file(folder.fronts() / address, base::to_text(shown), 0600, Durability::kProcess));
  add_all(network_folder, address, shown);
  return base::ok();
}

base::Status hide_front(const std::filesystem::path& network_folder, const std::string& address) {
  if (::unlink((NetworkFolder{network_folder}.fronts() / address).c_str()) != 0) return base::ok();
  const auto all = ask_gateway(network_folder, "list_hostfwd", {});
  if (!all.ok()) return base::ok();  // no gateway, no fronts
  const auto* entries = base::find_array(*all, "entries");
  if (entries == nullptr) return base::ok();
  for (const auto& entry : *entries)
    if (entry.is_object() && base::text_at(entry.as_object(), "guest_addr") == address)
      TRY(ask_gateway(network_folder, "remove_hostfwd",
                      {{"id", base::int_at(entry.as_object(), "id")}}));
  return base::ok();
}

void show_fronts_again(const std::filesystem::path& network_folder) {
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(NetworkFolder{network_folder}.fronts(), none)) {
    const auto text = read_file(entry.path());
    const auto json = text.ok() ? base::parse_json(*text) : base::Result<base::Json>(text.error());
    if (json.ok() && json->is_object())
      add_all(network_folder, entry.path().filename().string(), json->as_object());
  }
}

}  // namespace howdah::os
