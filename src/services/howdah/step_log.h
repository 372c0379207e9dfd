#pragma once

// One log of a step, wherever it lies: in the step's folder on the primary node, or, where the
// driver ran in a container of YARN (cluster mode), in that container's folder on its node and
// later in the copy that control keeps. Ownership: borrows the store and the provider. Threads:
// one. Failure: a log that is not there yet is one without bytes.

#include <optional>
#include <string>

#include "base/fd.h"
#include "cluster/cluster.h"
#include "nodes/provider.h"
#include "store/control/control_store.h"

namespace howdah::services {

class StepLog {
 public:
  /// `file`: stdout, stderr, syslog, controller; driver-stdout or driver-stderr means the driver's
  /// alone.
  StepLog(store::ControlStore& store, nodes::Provider& nodes, cluster::Key key, std::string step,
          std::string file);

  static bool is_name(std::string_view file);
  static std::string names();  // "stdout, stderr, …"

  /// The open file; opened now if it has come to be since. An invalid one: there is none yet. A
  /// stdout that has no byte of its own is the driver's, once it is known which that is.
  const base::Fd& open();

 private:
  base::Fd open_driver(const cluster::Cluster& cluster);
  std::string primary_node(const cluster::Cluster& cluster) const;

  store::ControlStore& store_;
  nodes::Provider& nodes_;
  const cluster::Key key_;
  const std::string step_, file_;
  base::Fd log_;
  bool settled_ = false;  // log_ is what is read to its end
};

}  // namespace howdah::services
