#include "os/netlink.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace howdah::os {

std::string address_text(uint32_t address) {
  const in_addr number = {htonl(address)};
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &number, text, sizeof text);
  return text;
}

std::string to_text(const Subnet& subnet) {
  return address_text(subnet.address & subnet.mask()) + "/" + std::to_string(subnet.prefix);
}

std::optional<uint32_t> parse_address(std::string_view text) {
  in_addr number = {};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &number) != 1) return std::nullopt;
  return ntohl(number.s_addr);
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address || slash == text.npos) return std::nullopt;
  const std::string digits(text.substr(slash + 1));
  char* end = nullptr;
  const long prefix = std::strtol(digits.c_str(), &end, 10);
  if (digits.empty() || *end != '\0' || prefix < 0 || prefix > 32) return std::nullopt;
  return Subnet{*address, static_cast<int>(prefix)};
}

// ---- messages: a header, then attributes, some of which hold attributes
// ---------------------------

class Netlink::Message {
 public:
  template <typename Body>
  Message(uint16_t type, uint16_t flags, const Body& body) {
    nlmsghdr header = {};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    append(&header, sizeof header);
    append(&body, sizeof body);
  }
  Message& add(uint16_t type, const void* data, size_t size) {
    const rtattr header = {static_cast<uint16_t>(RTA_LENGTH(size)), type};
    append(&header, sizeof header);
    append(data, size);
    return *this;
  }
  Message& add(uint16_t type, const std::string& text) {
    return add(type, text.c_str(), text.size() + 1);
  }
  Message& add(uint16_t type, uint32_t number) { return add(type, &number, sizeof number); }
  /// Until close(), what is added lies inside the attribute; `body` goes before it.
  size_t open(uint16_t type, const void* body = nullptr, size_t size = 0) {
    const size_t at = bytes_.size();
    add(type, body, size);
    return at;
  }
  void close(size_t at) {
    const auto length = static_cast<uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &length, sizeof length);
  }
  std::string& finish(uint32_t sequence) {
    const auto length = static_cast<uint32_t>(bytes_.size());
    std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
    std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
    return bytes_;
  }

 private:
  void append(const void* data, size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
    bytes_.resize((bytes_.size() + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO);
  }
  std::string bytes_;
};

namespace {

template <typename Body, typename Each>
void each_attribute(const nlmsghdr* header, Each each) {
  const char* const begin = static_cast<const char*>(NLMSG_DATA(header));
  size_t at = NLMSG_ALIGN(sizeof(Body));
  const size_t end = NLMSG_PAYLOAD(header, 0);
  while (at + sizeof(rtattr) <= end) {
    rtattr attribute;
    std::memcpy(&attribute, begin + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > end) return;
    each(attribute.rta_type,
         std::string_view(begin + at + RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0)));
    at += RTA_ALIGN(attribute.rta_len);
  }
}

uint32_t number_in(std::string_view bytes) {
  uint32_t number = 0;
  if (bytes.size() == sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
  return ntohl(number);
}

std::string text_in(std::string_view bytes) {
  return std::string(bytes.substr(0, bytes.find('\0')));
}

base::Result<int> index_of(int socket, const std::string& name) {
  ifreq request = {};
  if (name.size() >= sizeof request.ifr_name)
    return base::invalid_argument("'" + name + "' is not a name of a link");
  std::memcpy(request.ifr_name, name.c_str(), name.size());
  // Asked on the Netlink's own socket, so that it is its namespace that answers.
  if (::ioctl(socket, SIOCGIFINDEX, &request) != 0) {
    auto error = base::from_errno("find the link " + name);
    if (errno == ENODEV) error.code = base::Code::kNotFound;
    return error;
  }
  return request.ifr_ifindex;
}

}  // namespace

base::Result<Netlink> Netlink::open() {
  base::Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) return base::from_errno("open a netlink socket");
  return Netlink(std::move(socket));
}

template <typename Each>
base::Status Netlink::dump(Message& message, std::string_view what, Each each) {
  const std::string& bytes = message.finish(++sequence_);
  if (::send(socket_.get(), bytes.data(), bytes.size(), 0) < 0) return base::from_errno(what);
  std::string buffer(1 << 16, '\0');
  for (;;) {
    const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return base::from_errno(what);
    auto left = static_cast<unsigned>(n);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_seq != sequence_) continue;
      if (header->nlmsg_type == NLMSG_DONE) return base::ok();
      if (header->nlmsg_type != NLMSG_ERROR) {
        each(header);
        continue;
      }
      nlmsgerr answer;
      std::memcpy(&answer, NLMSG_DATA(header), sizeof answer);
      if (answer.error == 0) return base::ok();
      auto error = base::from_errno(what, -answer.error);
      if (answer.error == -ENODEV) error.code = base::Code::kNotFound;
      return error;
    }
  }
}

base::Status Netlink::ask(Message& message, std::string_view what) {
  return dump(message, what, [](const nlmsghdr*) {});
}

base::Result<std::vector<Netlink::Link>> Netlink::links() {
  Message message(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
  std::vector<Link> links;
  TRY(dump(message, "list the links", [&](const nlmsghdr* header) {
    ifinfomsg body;
    std::memcpy(&body, NLMSG_DATA(header), sizeof body);
    Link link;
    link.index = body.ifi_index;
    each_attribute<ifinfomsg>(header, [&](uint16_t type, std::string_view bytes) {
      if (type == IFLA_IFNAME) link.name = text_in(bytes);
      if (type == IFLA_IFALIAS) link.alias = text_in(bytes);
    });
    links.push_back(std::move(link));
  }));
  return links;
}

base::Result<std::vector<Subnet>> Netlink::subnets() {
  std::vector<Subnet> subnets;
  ifaddrmsg any_address = {};
  any_address.ifa_family = AF_INET;
  Message addresses(RTM_GETADDR, NLM_F_DUMP, any_address);
  TRY(dump(addresses, "list the addresses", [&](const nlmsghdr* header) {
    ifaddrmsg body;
    std::memcpy(&body, NLMSG_DATA(header), sizeof body);
    each_attribute<ifaddrmsg>(header, [&](uint16_t type, std::string_view bytes) {
      if (type == IFA_ADDRESS) subnets.push_back({number_in(bytes), body.ifa_prefixlen});
    });
  }));
  rtmsg any_route = {};
  any_route.rtm_family = AF_INET;
  Message routes(RTM_GETROUTE, NLM_F_DUMP, any_route);
  TRY(dump(routes, "list the routes", [&](const nlmsghdr* header) {
    rtmsg body;
    std::memcpy(&body, NLMSG_DATA(header), sizeof body);
    each_attribute<rtmsg>(header, [&](uint16_t type, std::string_view bytes) {
      if (type == RTA_DST && body.rtm_dst_len > 0)
        subnets.push_back({number_in(bytes), body.rtm_dst_len});
    });
  }));
  return subnets;
}

base::Status Netlink::add_bridge(const std::string& name, const std::string& alias) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, ifinfomsg{});
  message.add(IFLA_IFNAME, name);
  const size_t info = message.open(IFLA_LINKINFO);
  message.add(IFLA_INFO_KIND, std::string("bridge"));
  message.close(info);
  TRY(ask(message, "make the bridge " + name));
  return set_alias(name, alias);
}

// The kernel takes it only from a link that is there.
base::Status Netlink::set_alias(const std::string& name, const std::string& alias) {
  if (alias.empty()) return base::ok();
  ifinfomsg body = {};
  body.ifi_index = TRY(index_of(socket_.get(), name));
  Message message(RTM_NEWLINK, NLM_F_ACK, body);
  message.add(IFLA_IFALIAS, alias.data(), alias.size());
  return ask(message, "name " + name);
}

base::Status Netlink::add_veth(const std::string& name, const std::string& peer, int peer_namespace,
                               const std::string& alias) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, ifinfomsg{});
  message.add(IFLA_IFNAME, name);
  const size_t info = message.open(IFLA_LINKINFO);
  message.add(IFLA_INFO_KIND, std::string("veth"));
  const size_t data = message.open(IFLA_INFO_DATA);
  const ifinfomsg nothing = {};
  const size_t other = message.open(VETH_INFO_PEER, &nothing, sizeof nothing);
  message.add(IFLA_IFNAME, peer).add(IFLA_NET_NS_FD, static_cast<uint32_t>(peer_namespace));
  message.close(other);
  message.close(data);
  message.close(info);
  TRY(ask(message, "make the link " + name));
  return set_alias(name, alias);
}

base::Status Netlink::set_up(const std::string& name, const std::string& master) {
  ifinfomsg body = {};
  body.ifi_index = TRY(index_of(socket_.get(), name));
  body.ifi_flags = body.ifi_change = IFF_UP;
  Message message(RTM_NEWLINK, NLM_F_ACK, body);
  if (!master.empty())
    message.add(IFLA_MASTER, static_cast<uint32_t>(TRY(index_of(socket_.get(), master))));
  return ask(message, "bring up " + name);
}

base::Status Netlink::leave_no_work(const std::string& name) {
  TRY(index_of(socket_.get(), name));
  for (const uint32_t command : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM}) {
    ethtool_value value = {command, 0};
    ifreq request = {};
    std::memcpy(request.ifr_name, name.c_str(), name.size());
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (::ioctl(socket_.get(), SIOCETHTOOL, &request) != 0)
      return base::from_errno("turn off the offloads of " + name);
  }
  return base::ok();
}

base::Status Netlink::add_address(const std::string& name, const Subnet& address) {
  ifaddrmsg body = {};
  body.ifa_family = AF_INET;
  body.ifa_prefixlen = static_cast<uint8_t>(address.prefix);
  body.ifa_scope = name == "lo" ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;  // never a source outside
  body.ifa_index = static_cast<uint32_t>(TRY(index_of(socket_.get(), name)));
  Message message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, body);
  message.add(IFA_LOCAL, htonl(address.address)).add(IFA_ADDRESS, htonl(address.address));
  if (address.prefix < 31) message.add(IFA_BROADCAST, htonl(address.address | ~address.mask()));
  return ask(message, "give " + name + " the address " + address_text(address.address));
}

base::Status Netlink::add_default_route(uint32_t gateway) {
  rtmsg body = {};
  body.rtm_family = AF_INET;
  body.rtm_table = RT_TABLE_MAIN;
  body.rtm_protocol = RTPROT_STATIC;
  body.rtm_scope = RT_SCOPE_UNIVERSE;
  body.rtm_type = RTN_UNICAST;
  Message message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK, body);
  message.add(RTA_GATEWAY, htonl(gateway));
  return ask(message, "route through " + address_text(gateway));
}

base::Status Netlink::remove_link(const std::string& name) {
  ifinfomsg body = {};
  auto index = index_of(socket_.get(), name);
  if (!index.ok() && index.error().code == base::Code::kNotFound) return base::ok();
  body.ifi_index = TRY(std::move(index));
  Message message(RTM_DELLINK, NLM_F_ACK, body);
  auto removed = ask(message, "remove the link " + name);
  if (!removed.ok() && removed.error().code == base::Code::kNotFound) return base::ok();
  return removed;
}

}  // namespace howdah::os
