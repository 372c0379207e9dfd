#pragma once

// A network of containers: a network namespace that holds a bridge, and that a process, the holder,
// keeps alive. Containers have namespaces of their own, joined to the bridge by a veth pair each.
// The bridge is not in the host's namespace, so that no firewall of the host is asked about what
// nodes say to each other, and that the same works without root: then holder and containers lie
// below one user namespace.
//
//   host ── uplink (with root) ──┐
//   slirp4netns ─ keeper ─ frames┼── bridge ── veth ── eth0 of a container
//                                └────────────  veth ── eth0 of another
//
// The holder also keeps a door, a socket in the network's folder: through it the server asks for
// sockets inside containers' namespaces, since a server with threads cannot enter user namespaces.
//
// Within the subnet: .1 is the host (with root), .2 the gateway, .3 its name server.
// Interruptions: killed before `holder` is written: the holder hears its end and goes too. Its
// namespace lives as long as it does: a container whose holder has ended has no network any more.
// Ownership: the world owns networks. Threads: concurrent calls for different folders; those of the
// door for the same one too. Layout of the folder: NetworkFolder (layout.h).

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "os/boot.h"
#include "os/container.h"
#include "os/launch.h"
#include "os/netlink.h"

namespace howdah::os {

struct NetworkSpec {
  std::string id;
  Subnet subnet;
  std::string bridge;  // at most 15 characters; with root the host's link has this name too
  IdMap ids;           // of its containers

  uint32_t host() const { return (subnet.address & subnet.mask()) + 1; }
  uint32_t gateway() const { return host() + 1; }
  uint32_t name_server() const { return host() + 2; }
};

std::string to_text(const NetworkSpec& spec);
base::Result<NetworkSpec> network_spec_from(const std::string& text);

/// Starts the holder of the network that network.json in `folder` describes. kFailedPrecondition
/// when the kernel forbids namespaces or bridges; the message says what to allow.
base::Result<ProcessIdentity> start_network(const Launcher& launcher,
                                            const std::filesystem::path& folder,
                                            const std::string& label);

/// The saved identity of the holder; nullopt when none was saved.
std::optional<ProcessIdentity> saved_holder(const std::filesystem::path& folder);

/// slirp4netns on this host; empty when it is not installed.
std::filesystem::path find_gateway_program();
/// The missing part for a way out of the network; empty when there is one.
std::string why_no_gateway();
/// Starts the process that keeps slirp4netns running for as long as the holder runs.
base::Status start_gateway(const Launcher& launcher, const std::filesystem::path& folder,
                           const std::string& label);

/// A connection to what listens at that address in the container's namespace; kUnavailable when
/// nothing does.
base::Result<base::Fd> connect_in(const std::filesystem::path& network_folder,
                                  const ProcessIdentity& container_init, const std::string& address,
                                  uint16_t port, base::Millis timeout);
/// A socket listening there; kAlreadyExists when the port is taken.
base::Result<base::Fd> listen_in(const std::filesystem::path& network_folder,
                                 const ProcessIdentity& container_init, const std::string& address,
                                 uint16_t port);
/// The same in the namespace of the calling thread.
base::Result<base::Fd> connect_here(const std::string& address, uint16_t port,
                                    base::Millis timeout);
/// In the namespace of the calling thread: a socket that does not block and may still be
/// connecting, and one that listens.
base::Result<base::Fd> begin_connecting(const std::string& address, uint16_t port);
base::Result<base::Fd> begin_listening(const std::string& address, uint16_t port);
/// Removes a container's link at once; the kernel would some time after its namespace's end.
base::Status remove_link_in(const std::filesystem::path& network_folder, const std::string& link);
/// Without root nothing of the host reaches a container: the gateway listens for it at `front`, an
/// address of 127.0.0.0/8, on those of the ports that the user may have (not below 1024), and
/// passes on to the same port at `address`. Kept in the network's folder, so that a new gateway
/// does it again. Without a gateway there are no fronts. hide_front() ends them.
base::Status show_front(const std::filesystem::path& network_folder, const std::string& address,
                        const std::string& front, const std::vector<uint16_t>& ports);
base::Status hide_front(const std::filesystem::path& network_folder, const std::string& address);
/// For the keeper: all fronts of the folder.
void show_fronts_again(const std::filesystem::path& network_folder);

/// For the keeper of the gateway: every frame that the bridge sends to it, and what it sends.
base::Result<base::Fd> open_gateway_frames(const std::filesystem::path& network_folder);

}  // namespace howdah::os
