#pragma once

// How a cluster's applications look inside one of its nodes: mounts, files and environment, made
// from what is installed, the cluster's Configurations and a few facts. Pure: no I/O, the same
// input gives the same view. control copies the parts into nodes::NodeSpec (this row may not
// include that module).
//
// Inside the node:
//   /usr/lib/spark                 SPARK_HOME (mounted read-only); conf -> /etc/spark/conf
//   /opt/howdah/python             boto3, AWS CLI, pip, numpy (mounted read-only; last in sys.path)
//   /etc/spark/conf                spark-defaults.conf spark-env.sh log4j2.properties
//   /etc/hadoop/conf               core-site.xml hdfs-site.xml
//   /usr/bin                       spark-submit spark-shell pyspark spark-sql spark-example hadoop
//   hdfs aws pip3 /mnt/var/lib/info              instance.json job-flow.json extraInstanceData.json
// /mnt and /mnt/var/log must be writable for the node's user: event logs, temporary files, shuffle.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "apps/configurations.h"
#include "apps/install.h"
#include "apps/templates.h"

namespace howdah::apps {

struct Mount {
  std::filesystem::path source;  // on the host
  std::filesystem::path target;  // absolute, inside the node
  bool read_only = true;
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
  std::string hostname;                // "ip-10-0-0-1.ec2.internal"; of the primary node, too
  std::string local_ip = "127.0.0.1";  // what Spark binds to
  bool is_primary = true;
  int instance_count = 1;
  int64_t created_millis = 0;    // of the cluster, UTC epoch
  uint64_t memory_mib = 16384;   // of the instance type
  uint64_t host_memory_mib = 0;  // of this host; 0: as much as the instance type has
  int vcpu = 4;                  // of the instance type
  /// The container-credentials endpoint of the node itself (bootstrap actions), when it has one; a
  /// job's own comes with its process.
  std::string credentials_uri;
  std::string credentials_token;
};

struct NodeView {
  std::vector<Mount> mounts;
  std::vector<File> files;
  Settings environment;
  std::vector<std::string>
      notes;  // what of the configuration was changed or ignored, a sentence each
};

NodeView node_view(const Installed& installed, const Templates& templates,
                   const Configurations& configurations, const NodeFacts& facts);

/// The driver runs everything on a primary-only cluster: a quarter of the memory, 80 % of it with
/// maximizeResourceAllocation; at least 1 GiB, and never more than the host could give.
uint64_t driver_memory_mib(const NodeFacts& facts, bool maximize);

}  // namespace howdah::apps
