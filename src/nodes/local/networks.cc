#include "nodes/local/networks.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/digest.h"
#include "base/log.h"
#include "nodes/local/node_root.h"
#include "os/container.h"
#include "os/file.h"
#include "os/lock.h"

namespace howdah::nodes {
namespace {

constexpr uint32_t kFirstAddress = 0x0A400000;  // 10.64.0.0/10
constexpr uint32_t kPieces = 4096;
constexpr int kPrefix = 22;
constexpr int kWide = 12;
// Where the host's networks of all installations are claimed one after the other; /run is root's.
constexpr const char* kHostLock = "/run/howdah-networks.lock";

uint32_t piece_of(const os::Subnet& subnet) { return (subnet.address - kFirstAddress) >> 10; }

}  // namespace

base::Result<os::Subnet> choose_subnet(std::string_view wish, const std::vector<os::Subnet>& used) {
  const auto first = static_cast<uint32_t>(
      std::strtoul(base::sha256_hex(wish).substr(0, 8).c_str(), nullptr, 16) % kPieces);
  for (const bool respect_wide : {true, false})
    for (uint32_t i = 0; i < kPieces; ++i) {
      const os::Subnet subnet{kFirstAddress + ((first + i) % kPieces << 10), kPrefix};
      const bool taken = std::any_of(used.begin(), used.end(), [&](const os::Subnet& other) {
        return other.overlaps(subnet) && (respect_wide || other.prefix > kWide);
      });
      if (!taken) return subnet;
    }
  return base::Error{
      base::Code::kResourceExhausted,
      "no /22 of 10.64.0.0/10 is free: the host has routes or addresses in all of it",
      {},
      {}};
}

base::Result<os::NetworkSpec> Networks::spec_of(const os::NetworkFolder& folder) const {
  return os::network_spec_from(TRY(os::read_file(folder.spec())));
}

base::Result<os::NetworkSpec> Networks::claim(const std::string& network_id,
                                              const os::NetworkFolder& folder) {
  auto host = TRY(os::Netlink::open());
  auto used = TRY(host.subnets());
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(layout_.networks(), none))
    if (auto other = spec_of({entry.path()}); other.ok()) used.push_back(other->subnet);
  os::NetworkSpec spec;
  spec.id = network_id;
  spec.subnet = TRY(choose_subnet(installation_ + " " + network_id, used));
  spec.bridge = "hd" + installation_ + "-" + std::to_string(piece_of(spec.subnet));
  spec.ids = os::best_id_map(0, kHadoopId);
  TRY(os::make_folders(folder.path, 0700));
  TRY(os::write_file(folder.spec(), os::to_text(spec), 0600, os::Durability::kPower));
  return spec;
}

base::Status Networks::start(const os::NetworkSpec& spec, const os::NetworkFolder& folder) {
  TRY(end(spec.id));  // of an earlier life, and of a start that was cut off
  auto host = TRY(os::Netlink::open());
  if (::geteuid() == 0) {
    TRY(host.remove_link(spec.bridge));
    for (const auto& other : TRY(host.subnets()))
      if (other.prefix > kWide && other.overlaps(spec.subnet))
        return base::Error{base::Code::kFailedPrecondition,
                           "the subnet " + os::to_text(spec.subnet) + " of the network " + spec.id +
                               " is in use on this host by now (" + os::to_text(other) + ")",
                           {},
                           {}};
  }
  TRY(os::start_network(launcher_, folder.path, spec.id));
  return base::ok();
}

base::Status Networks::ensure_gateway(const os::NetworkSpec& spec,
                                      const os::NetworkFolder& folder) {
  if (const auto why = os::why_no_gateway(); !why.empty()) {
    if (!warned_) base::log_warn("nodes", "nodes of a network cannot reach the world: {}", why);
    warned_ = true;
    return base::ok();
  }
  for (const auto& found : launcher_.find_all())
    if (found.verb == "gateway" && found.label == spec.id) return base::ok();
  return os::start_gateway(launcher_, folder.path, spec.id);
}

base::Result<std::string> Networks::ensure(const std::string& network_id) {
  const os::NetworkFolder folder{layout_.network(TRY(os::folder_name_of(network_id)))};
  std::lock_guard lock(mutex_);
  auto spec = spec_of(folder);
  const auto holder = os::saved_holder(folder.path);
  if (!spec.ok() || !holder || !os::is_running(*holder)) {
    const auto host = TRY(
        os::wait_for_lock(::geteuid() == 0 ? os::Path(kHostLock) : layout_.networks() / ".lock"));
    if (!spec.ok()) spec = claim(network_id, folder);
    if (!spec.ok()) return spec.error();
    TRY(start(*spec, folder));
  }
  TRY(ensure_gateway(*spec, folder));
  return os::to_text(spec->subnet);
}

// The keepers of the gateway end with the holder by themselves, but the answer is waited for.
base::Status Networks::end(const std::string& network_id) {
  for (const auto& found : launcher_.find_all())
    if ((found.verb == "network" || found.verb == "gateway") && found.label == network_id)
      TRY(os::end_container(found.identity));
  return base::ok();
}

base::Status Networks::take_down(const std::string& network_id) {
  TRY(end(network_id));
  if (::geteuid() != 0) return base::ok();
  auto host = TRY(os::Netlink::open());
  for (const auto& link : TRY(host.links()))
    if (link.name.rfind("hd" + installation_ + "-", 0) == 0 && link.alias == network_id)
      TRY(host.remove_link(link.name));
  return base::ok();
}

base::Status Networks::stop(const std::string& network_id) {
  std::lock_guard lock(mutex_);
  return take_down(network_id);
}

base::Status Networks::remove(const std::string& network_id) {
  const os::NetworkFolder folder{layout_.network(TRY(os::folder_name_of(network_id)))};
  std::lock_guard lock(mutex_);
  TRY(take_down(network_id));
  return os::erase_tree(folder.path);
}

base::Result<std::vector<std::string>> Networks::list() {
  std::set<std::string> ids;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(layout_.networks(), none))
    if (entry.path().filename().string()[0] != '.')
      ids.insert(os::id_of_folder_name(entry.path().filename().string()));
  for (const auto& found : launcher_.find_all())
    if (found.verb == "network" || found.verb == "gateway") ids.insert(found.label);
  if (::geteuid() == 0) {
    auto host = TRY(os::Netlink::open());
    for (const auto& link : TRY(host.links()))
      if (link.name.rfind("hd" + installation_ + "-", 0) == 0 && !link.alias.empty())
        ids.insert(link.alias);
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

base::Result<Networks::Running> Networks::find(const std::string& network_id) const {
  const os::NetworkFolder folder{layout_.network(TRY(os::folder_name_of(network_id)))};
  auto spec = spec_of(folder);
  const auto holder = os::saved_holder(folder.path);
  if (!spec.ok() || !holder || !os::is_running(*holder))
    return base::Error{base::Code::kFailedPrecondition,
                       "the network " + network_id + " does not run: ensure it first",
                       {},
                       {}};
  return Running{folder.path, std::move(*spec), *holder};
}

}  // namespace howdah::nodes
