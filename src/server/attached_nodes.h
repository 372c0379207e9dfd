#pragma once

// A Provider that tells the server when a node ends, so that its listeners end with it: an open
// socket would keep the network of a removed node alive. Everything else is passed on.
// Ownership: owns the real provider. Threads: as Provider; `ending` is called from any of them.

#include <functional>
#include <memory>

#include "nodes/provider.h"

namespace howdah::server {

/// `ending(node_id)` is called before each stop() and remove(), and before an ensure() of a node
/// that is no longer alive.
std::unique_ptr<nodes::Provider> attached_nodes(std::unique_ptr<nodes::Provider> real,
                                                std::function<void(const std::string&)> ending);

}  // namespace howdah::server
