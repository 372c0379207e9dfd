#pragma once

// The world as the reconciler needs it, so that a simulation can stand in for it: engines, host,
// and the options. Nodes come through nodes::Provider, logs go to objects::ObjectStore. Threads:
// implementations allow concurrent calls.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cluster/cluster.h"
#include "nodes/provider.h"

namespace howdah::control {

/// The applications of release labels on this host.
class Engines {
 public:
  struct Look {
    enum class State { kMissing, kInstalling, kInstalled, kFailed };
    State state = State::kMissing;
    std::string text;  // kInstalling: how far; kFailed: package and cause
  };
  virtual ~Engines() = default;
  virtual Look look(const std::string& release_label) = 0;
  /// Starts the installation unless one runs. Returns at once.
  virtual base::Status install(const std::string& release_label) = 0;
  /// What a cluster's primary node shows: mounts, files, environment.
  virtual base::Result<nodes::NodeSpec> node_of(const cluster::Cluster& cluster) = 0;
};

/// What the host has.
class Host {
 public:
  virtual ~Host() = default;
  virtual uint64_t total_memory() = 0;      // bytes
  virtual uint64_t available_memory() = 0;  // bytes: what a new process may take without swapping
  /// Declared by AWS for the type, in bytes; 0 when unknown.
  virtual uint64_t declared_memory(const std::string& instance_type) = 0;
};

}  // namespace howdah::control
