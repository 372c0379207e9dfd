#pragma once

// Networks of the local provider: claims a subnet for each, host-wide, and keeps its holder and its
// gateway running (os/network.h). What is true is in the world: folders below <data>/networks and
// processes that bear the installation's tag; with root also a link of the host named after it.
// Ownership: borrows the launcher and the layout. Threads: all methods concurrently; calls that
// change a network are serialised. Failure: kFailedPrecondition where there can be none.

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/launch.h"
#include "os/layout.h"
#include "os/network.h"

namespace howdah::nodes {

/// The free /22 of 10.64.0.0/10 that is first when counted from one that `wish` hashes to. Ranges
/// in use that are wider than /12 (a VPN's 10.0.0.0/8) are respected only while something else is
/// free. kResourceExhausted when nothing is.
base::Result<os::Subnet> choose_subnet(std::string_view wish, const std::vector<os::Subnet>& used);

class Networks {
 public:
  Networks(const os::Launcher& launcher, const os::Layout& layout, std::string installation)
      : launcher_(launcher), layout_(layout), installation_(std::move(installation)) {}

  base::Result<std::string> ensure(const std::string& network_id);
  base::Status stop(const std::string& network_id);
  base::Status remove(const std::string& network_id);
  base::Result<std::vector<std::string>> list();

  struct Running {
    std::filesystem::path folder;
    os::NetworkSpec spec;
    os::ProcessIdentity holder;
  };
  /// kFailedPrecondition when it does not run.
  base::Result<Running> find(const std::string& network_id) const;

 private:
  base::Result<os::NetworkSpec> spec_of(const os::NetworkFolder& folder) const;
  base::Result<os::NetworkSpec> claim(const std::string& network_id,
                                      const os::NetworkFolder& folder);
  base::Status start(const os::NetworkSpec& spec, const os::NetworkFolder& folder);
  base::Status ensure_gateway(const os::NetworkSpec& spec, const os::NetworkFolder& folder);
  base::Status end(const std::string& network_id);
  base::Status take_down(const std::string& network_id);

  const os::Launcher& launcher_;
  const os::Layout& layout_;
  const std::string installation_;
  std::mutex mutex_;
  bool warned_ = false;
};

}  // namespace howdah::nodes
