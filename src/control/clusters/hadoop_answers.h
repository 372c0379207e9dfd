#pragma once

// What YARN's and HDFS's web services answer, read into values. The bytes come from daemons that a
// user's code shares a node with: anything is safe, what is not understood is left out. Pure.
// Sources: Hadoop's "ResourceManager REST API's" and the NameNode's JMX beans (NameNodeInfo,
// FSNamesystem).

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/clusters/world.h"

namespace howdah::control {

struct YarnApplication {
  std::string id;     // "application_1700000000000_0001"
  std::string state;  // "RUNNING"
  std::string final_status;
  std::string diagnostics;
  std::vector<std::string> tags;
};

inline constexpr const char* kYarnNodesTarget =
    "/ws/v1/cluster/nodes?states=NEW,RUNNING,UNHEALTHY,DECOMMISSIONING,DECOMMISSIONED,LOST,"
    "REBOOTED,SHUTDOWN";
inline constexpr const char* kNameNodeInfoTarget =
    "/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo";
inline constexpr const char* kNamesystemTarget =
    "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystem";

/// Adds what the ResourceManager says of its nodes. A host that is listed more than once is what
/// its most useful entry says. kInvalidArgument when it is not such an answer.
base::Status read_yarn_nodes(std::string_view answer, HadoopSeen& seen);
/// Adds what the NameNode says of its DataNodes (bean NameNodeInfo).
base::Status read_name_node_info(std::string_view answer, HadoopSeen& seen);
/// Adds missing and under-replicated blocks (bean FSNamesystem).
base::Status read_namesystem(std::string_view answer, HadoopSeen& seen);
/// Of /ws/v1/cluster/apps.
base::Result<std::vector<YarnApplication>> read_applications(std::string_view answer);
}  // namespace howdah::control
