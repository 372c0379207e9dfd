#pragma once

// How a cluster's applications look inside one of its nodes: mounts, files and environment, made
// from what is installed, the cluster's Configurations and a few facts. Pure: no I/O, the same
// input gives the same view. control copies the parts into nodes::NodeSpec (this row may not
// include that module).
//
// Inside the node:
//   /usr/lib/spark, /usr/lib/hadoop …  the applications (mounted read-only)
//   /opt/howdah/python                 boto3, AWS CLI, pip, numpy (mounted read-only; last in
//                                      sys.path)
//   /etc/<application>/conf            what the classifications become, see application.h
//   /usr/bin                           spark-submit hadoop hdfs yarn mapred aws pip3 systemctl …
//   /mnt/var/lib/info                  instance.json job-flow.json extraInstanceData.json
//   /mnt/var/lib/howdah/services       a folder a daemon of this node's role, for runit; see
//                                      runtime/node/start-services
// /mnt and /mnt/var/log must be writable for the node's user: event logs, temporary files, shuffle.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "apps/application.h"
#include "apps/configurations.h"
#include "apps/install.h"
#include "apps/templates.h"

namespace howdah::apps {

struct Mount {
  std::filesystem::path source;  // on the host
  std::filesystem::path target;  // absolute, inside the node
  bool read_only = true;
};

enum class NodeRole { kMaster, kCore, kTask };

/// An instance group or fleet, as job-flow.json names it.
struct GroupFacts {
  std::string id;    // "ig-…"
  std::string name;  // "Core - 2"
  NodeRole role = NodeRole::kMaster;
  std::string market = "ON_DEMAND";
  std::string instance_type;
  int count = 1;
};

/// What a node's files say about its cluster and itself.
struct NodeFacts {
  std::string endpoint = "http://localhost:4566";  // as seen inside the node
  std::string region = "us-east-1";
  std::string release_label;
  std::string cluster_id;         // "j-3SD91U2E1L2QX"
  std::string instance_id;        // "i-0123456789abcdef0"
  std::string instance_group_id;  // "ig-…"
  std::string instance_type = "m5.xlarge";
  std::string hostname;                // "ip-10-0-0-1.ec2.internal"
  std::string local_ip = "127.0.0.1";  // the node's own address; what Spark binds to
  bool is_primary = true;              // role == kMaster; kept beside it for one-node callers
  NodeRole role = NodeRole::kMaster;
  std::string primary_hostname;     // empty: this node's own
  std::string primary_instance_id;  // empty: this node's own
  /// What the cluster's Applications name, in any spelling. With "Hadoop" among them (or what needs
  /// it, or nodes beside the primary one) the node has Hadoop's daemons; without, it is a node of
  /// Spark alone.
  std::vector<std::string> applications;
  std::vector<GroupFacts> groups;  // the MASTER one first; empty: this node's alone
  int core_count = 0;              // nodes wanted
  int task_count = 0;
  std::vector<std::string> members;   // hostnames of core and task nodes that belong to the cluster
  std::vector<std::string> leaving;   // those of them that are being decommissioned
  std::vector<uint64_t> volumes_gib;  // the first is /mnt, then /mnt1 …; empty: one
  int instance_count = 1;
  int64_t created_millis = 0;    // of the cluster, UTC epoch
  uint64_t memory_mib = 16384;   // of the instance type
  uint64_t host_memory_mib = 0;  // of this host; 0: as much as the instance type has
  int vcpu = 4;                  // of the instance type
  // Of the core group's instance type: Spark's and MapReduce's defaults on every node come from it.
  std::string core_instance_type;  // empty: this node's
  uint64_t core_memory_mib = 0;    // 0: memory_mib
  int core_vcpu = 0;               // 0: vcpu
  /// The container-credentials endpoint of the node itself (bootstrap actions, daemons), when it
  /// has one; a job's own comes with its process.
  std::string credentials_uri;
  std::string credentials_token;
};

/// One daemon of a node, under runit.
struct Daemon {
  std::string unit;         // "hadoop-hdfs-namenode": systemd's name of it
  std::string application;  // "Hadoop"
  bool essential = true;    // the cluster is not RUNNING before it is healthy
  uint16_t port = 0;        // that a healthy one listens on, inside the node
  std::string health_path;  // answers GET with 200; empty: a TCP connection is enough
  std::string log;          // inside the node: "/var/log/hadoop-hdfs/hadoop-hdfs-namenode.log"
  /// kBoot: at once, with the node's services. The others have runit's `down` file: kLater is
  /// started (`up`) once the cluster runs, kOnUse when somebody wants it (its web page, systemctl).
  enum class Start { kBoot, kLater, kOnUse } start = Start::kBoot;
};

struct NodeView {
  std::vector<Mount> mounts;
  std::vector<File> files;
  Settings environment;
  std::vector<std::string>
      notes;                    // what of the configuration was changed or ignored, a sentence each
  std::vector<Daemon> daemons;  // of this node's role, in start order
  bool can_be_warm = false;     // howdah-warm-driver works there
};

/// `installed` must hold what needed_applications() gives for the facts' applications.
NodeView node_view(const Installed& installed, const Applications& applications,
                   const Configurations& configurations, const NodeFacts& facts);
/// A node of Spark alone.
NodeView node_view(const Installed& installed, const Templates& templates,
                   const Configurations& configurations, const NodeFacts& facts);

/// The driver runs everything on a primary-only cluster: a quarter of the memory, 80 % of it with
/// maximizeResourceAllocation; at least 1 GiB, and never more than the host could give.
uint64_t driver_memory_mib(const NodeFacts& facts, bool maximize);

}  // namespace howdah::apps
