#pragma once

// The world as the reconciler needs it, so that a simulation can stand in for it: engines, the
// host, daemons inside nodes, Hadoop's own word about its nodes. Nodes come through
// nodes::Provider, logs go to objects::ObjectStore. In memory, for tests: fake_world.h. Threads:
// implementations allow concurrent calls. Time: look() of Daemons and Hadoop asks over sockets and
// is called aside of the control loop's workers; still each answers within a second, whatever the
// node does. Everything else returns at once or starts a supervised process.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "cluster/cluster.h"
#include "control/jobs/host.h"
#include "control/jobs/installations.h"
#include "nodes/provider.h"

namespace howdah::control {

/// One daemon that runs inside a node, under the node's supervisor (runit).
struct DaemonUnit {
  std::string unit;         // "hadoop-hdfs-namenode": systemd's name of it
  std::string application;  // "Hadoop"
  bool essential = true;    // the cluster is not RUNNING before it is healthy
  bool on_demand = false;   // its first use starts it; control does not
  uint16_t port = 0;        // that a healthy one listens on, inside the node
  std::string health_path;  // answers GET with 200; empty: a TCP connection is enough
  std::string log;          // inside the node
};

/// What makes one node of a cluster: its view, and the daemons in it, in start order.
struct NodeSetup {
  nodes::NodeSpec spec;
  std::vector<DaemonUnit> daemons;  // none: a node without daemons
  bool can_be_warm = false;         // a driver can be made ready in it before its job comes
};

/// The applications of release labels on this host.
class Engines {
 public:
  using Look = InstallationSeen;
  virtual ~Engines() = default;
  /// Of everything that the cluster's label, applications and nodes need.
  virtual Look look(const cluster::Cluster& cluster) = 0;
  /// Starts the installation of what is missing unless one runs. Returns at once.
  virtual base::Status install(const cluster::Cluster& cluster) = 0;
  /// What `node` shows, made from cluster::configurations_of(cluster, node.group_id).
  virtual base::Result<NodeSetup> node_of(const cluster::Cluster& cluster,
                                          const cluster::Node& node) = 0;
  /// The units of `node` that read what differs between two lists of configurations: exactly these
  /// are restarted.
  virtual std::vector<std::string> restarts(const cluster::Cluster& cluster,
                                            const cluster::Node& node, const base::JsonArray& from,
                                            const base::JsonArray& to) = 0;
};

struct DaemonSeen {
  std::string unit;
  enum class State {
    kDown,      // not asked for, or stopped on purpose
    kStarting,  // it runs, or is about to, and does not answer yet
    kHealthy,
    kFailed  // its supervisor has given up on it
  } state = State::kDown;
  int exit_code = 0;  // of its latest end
  int signal = 0;
  int ends = 0;  // how often it ended, as far as is recorded
  std::string last_lines;
  std::string log;  // inside the node
};

enum class DaemonVerb { kUp, kDown, kRestart };

/// The daemons inside nodes. They begin with the node's process kServices.
class Daemons {
 public:
  virtual ~Daemons() = default;
  /// One answer a unit, in the order of `units`.
  virtual base::Result<std::vector<DaemonSeen>> look(const cluster::Cluster& cluster,
                                                     const cluster::Node& node,
                                                     const std::vector<DaemonUnit>& units) = 0;
  /// Idempotent but for kRestart, which may be asked twice after a crash.
  virtual base::Status control(const cluster::Cluster& cluster, const cluster::Node& node,
                               DaemonVerb verb, const std::string& unit) = 0;
};

/// YARN's and HDFS's own word, asked on the primary node.
struct HadoopSeen {
  enum class Yarn { kNone, kRunning, kLost, kDecommissioning, kDecommissioned };
  enum class Hdfs { kNone, kLive, kDead, kDecommissioning, kDecommissioned };
  struct Node {
    Yarn yarn = Yarn::kNone;
    int containers = 0;
    std::string unhealthy;  // why it gets no more containers: what its NodeManager says
    Hdfs hdfs = Hdfs::kNone;
  };
  std::map<std::string, Node> nodes;  // by hostname: cluster::private_dns(key, address)
  int64_t missing_blocks = 0;
  int64_t under_replicated = 0;
};

class Hadoop {
 public:
  virtual ~Hadoop() = default;
  /// kUnavailable while the primary does not answer; then nothing is known.
  virtual base::Result<HadoopSeen> look(const cluster::Cluster& cluster) = 0;
  /// Writes which hosts belong to the cluster and which of them leave, and has YARN and HDFS read
  /// it. Idempotent. `leaving` may be empty: nobody leaves any more.
  virtual base::Status refresh(const cluster::Cluster& cluster,
                               const std::vector<std::string>& leaving, base::Millis timeout) = 0;
  /// Kills the YARN applications that a step submitted (tag howdah-step-<id>).
  virtual base::Status end_applications(const cluster::Cluster& cluster,
                                        const cluster::Step& step) = 0;
};

/// Opens and serves the node's own endpoint (http://localhost:4566, instance metadata) in this
/// server process. Idempotent; asked once a node and server process, and again when the node was
/// made again.
using Attach = std::function<base::Status(const cluster::Cluster&, const cluster::Node&)>;

/// Sends what has grown of a node's own logs (daemons, bootstrap actions, containers) to the log
/// URI; `last`: it goes away, this is all there will be. Called aside of the workers, or before a
/// node is removed.
using ShipNodeLogs =
    std::function<base::Status(const cluster::Cluster&, const cluster::Node&, bool last)>;
/// Sends the logs of the containers that a step ran; asked once with its last upload.
using ShipStepContainers =
    std::function<base::Status(const cluster::Cluster&, const cluster::Step&)>;

/// The supervised process of a node that runs its daemons, see runtime/node/start-services.
inline constexpr const char* kServices = "services";

}  // namespace howdah::control
