#pragma once

// Links, addresses and routes of one network namespace, through the kernel's rtnetlink socket
// (rtnetlink(7)): plain messages, no library. A Netlink speaks to the namespace its thread was in
// when it was opened, wherever the thread goes later. Also IPv4 subnets as numbers. Ownership: the
// socket is the Netlink's. Threads: one at a time each. Failure: errors name the call and the link;
// kAlreadyExists and kNotFound mean what the kernel means.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace howdah::os {

/// An IPv4 address and the length of its network's prefix; numbers in host order.
struct Subnet {
  uint32_t address = 0;
  int prefix = 32;

  uint32_t mask() const { return prefix == 0 ? 0 : ~uint32_t{0} << (32 - prefix); }
  bool overlaps(const Subnet& other) const {
    const uint32_t wider = prefix < other.prefix ? mask() : other.mask();
    return (address & wider) == (other.address & wider);
  }
  bool holds(uint32_t other) const { return ((address ^ other) & mask()) == 0; }
};
std::string to_text(const Subnet& subnet);   // "10.64.12.0/22"
std::string address_text(uint32_t address);  // "10.64.12.1"
std::optional<uint32_t> parse_address(std::string_view text);
std::optional<Subnet> parse_subnet(std::string_view text);

class Netlink {
 public:
  /// For the calling thread's network namespace.
  static base::Result<Netlink> open();

  struct Link {
    int index = 0;
    std::string name;
    std::string alias;
  };
  base::Result<std::vector<Link>> links();
  /// What this namespace has addresses or routes for, the default route aside.
  base::Result<std::vector<Subnet>> subnets();

  /// `alias`: free text that stays with the link (ip -d link).
  base::Status add_bridge(const std::string& name, const std::string& alias);
  /// A pair of links; `peer` lies in the network namespace of `peer_namespace`.
  base::Status add_veth(const std::string& name, const std::string& peer, int peer_namespace,
                        const std::string& alias = {});
  /// Up, and a port of the bridge `master` unless that is empty.
  base::Status set_up(const std::string& name, const std::string& master = {});
  /// The link's sender computes checksums and cuts to size itself (ethtool -K tx off tso off gso
  /// off): for who reads its frames as they are.
  base::Status leave_no_work(const std::string& name);
  base::Status add_address(const std::string& name, const Subnet& address);
  base::Status add_default_route(uint32_t gateway);
  /// Succeeds when there is none.
  base::Status remove_link(const std::string& name);

 private:
  explicit Netlink(base::Fd socket) : socket_(std::move(socket)) {}
  class Message;
  base::Status set_alias(const std::string& name, const std::string& alias);
  base::Status ask(Message& message, std::string_view what);
  template <typename Each>
  base::Status dump(Message& message, std::string_view what, Each each);

  base::Fd socket_;
  uint32_t sequence_ = 0;
};

}  // namespace howdah::os
