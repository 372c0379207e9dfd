#pragma once

// Which web interfaces the applications of a cluster have, and where. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/cluster.h"
#include "store/control/control_store.h"

namespace howdah::gateways {

struct Interface {
  std::string app;    // "yarn": howdah ui --app
  std::string title;  // "YARN ResourceManager"
  std::string node;   // instance id
  uint16_t port = 0;
  std::string path;  // its first page, "/cluster"
};

inline constexpr uint16_t kFirstLiveSpark = 4040;  // Spark takes the next port while one is taken
inline constexpr uint16_t kLastLiveSpark = 4050;

/// Those that the cluster's nodes may offer now, the primary's first; of the live Spark interfaces
/// the first port only.
std::vector<Interface> interfaces_of(const store::ClusterRow& row);
/// Names for --app; what is not among them is a typing error.
std::vector<std::string> interface_names();

/// True for a port of one of the cluster's applications, or of a live Spark interface. A node on
/// the host's network has only the latter.
bool may_proxy(const store::ClusterRow& row, const cluster::Node& node, uint16_t port);

/// A node that has not ended: "primary", instance id, hostname (whole or its first label), address,
/// public address. nullptr: there is none.
const cluster::Node* node_named(const store::ClusterRow& row, std::string_view name);
std::string hostname_of(const store::ClusterRow& row, const cluster::Node& node);

}  // namespace howdah::gateways
