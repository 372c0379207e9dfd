#pragma once

// What a node's root shows: policy only, as steps for os/container.h. Everything a user may change
// is the node's own; the host's programs are seen through overlays; the host's secrets, home
// folders and the server's data directory are not there at all. Pure but for looking at the host's
// folders; threads: any.

#include <string>
#include <vector>

#include "base/result.h"
#include "nodes/provider.h"
#include "os/container.h"

namespace howdah::nodes {

inline constexpr uint32_t kHadoopId = 1000;  // uid and gid of `hadoop` inside

/// Host paths below /etc, /opt and /usr/local that others than their owner may not read: inside,
/// root would be let through. Takes some milliseconds; the provider keeps the answer.
std::vector<std::string> find_private_paths();

struct RootPlan {
  const NodeSpec& node;
  std::filesystem::path fs;
  os::IdMap ids;
  std::filesystem::path sudo;  // host file
  std::filesystem::path data;  // the server's data directory, hidden
  const std::vector<std::string>& private_paths;
  os::ContainerNetwork network;  // its folder is empty: the host's network
  std::string name_server;       // address; empty: the host's own resolv.conf
};

base::Result<os::ContainerSpec> plan_root(const RootPlan& plan);

}  // namespace howdah::nodes
