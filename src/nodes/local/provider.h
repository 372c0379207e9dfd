#pragma once

// nodes::Provider on this host: a node is a container (os/container.h) whose root node_root.h
// plans, its processes run under shims (os/supervisor.h), its memory limits are cgroups
// (os/cgroup.h). What is true is in the world: folders below <data>/nodes, and processes that bear
// this installation's tag; nothing here is needed to find it again after a restart. Ownership:
// borrows nothing but the path of the data directory, which os::Lock gives to one server. Threads:
// all methods may be called concurrently; calls for one node are serialised. Failure:
// kFailedPrecondition where the kernel forbids namespaces, with what to allow.

#include <memory>
#include <string>

#include "nodes/provider.h"

namespace howdah::nodes {

struct LocalOptions {
  std::filesystem::path data;  // os::Layout::prepare() has made it
  std::string installation;    // os::Layout::installation_id()
  std::filesystem::path shim_binary =
      "/proc/self/exe";  // its main() calls os::shim_main for "__shim"
};

std::unique_ptr<Provider> make_local_provider(LocalOptions options);

}  // namespace howdah::nodes
