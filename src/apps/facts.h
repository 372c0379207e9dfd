#pragma once

// What may stand in {{}} of an application's settings, computed from what is known of a node: the
// sizes that EMR gives an instance type. Pure functions; the meaning of each name is in
// templates.cc.

#include <cstdint>
#include <map>
#include <string>

#include "apps/install.h"
#include "apps/node_view.h"

namespace howdah::apps {

/// What YARN gets of a node's memory: all but a quarter, and all but 8 GiB of a large one. This is
/// AWS's table "Task configuration": m5.xlarge 12288, m5.4xlarge 57344, r4.xlarge 23424.
uint64_t yarn_memory_mib(uint64_t memory_mib);

/// How EMR sizes Spark's executors: at most four cores each (all with maximizeResourceAllocation),
/// the memory of their share of YARN's without a twelfth for an application master, so that with
/// the overhead of 0.1875 they fit: m5.xlarge 9486m and 4 cores, r5.xlarge 18971m.
struct ExecutorSize {
  uint64_t memory_mib = 0;
  int cores = 0;
  int per_node = 1;
};
ExecutorSize executor_size(uint64_t memory_mib, int vcpu, bool maximize);

/// The same where one node does all the work: on it an executor as large as AWS's formula makes it
/// has no room beside the driver of a job in cluster mode, which would wait for ever. What the
/// driver's container leaves, unless that is less than Spark runs with.
ExecutorSize only_executor_size(uint64_t memory_mib, int vcpu);

constexpr uint64_t kDriverMemoryMib = 2048;  // EMR's default, on YARN

/// 1 below 4 core nodes, 2 below 10, else 3. Source: EMR, "HDFS configuration".
int hdfs_replication(int core_nodes);

/// All of them. `java_home` is as seen inside the node.
std::map<std::string, std::string> facts_of(const NodeFacts& facts, const Installed& installed,
                                            const std::string& java_home, bool maximize);

}  // namespace howdah::apps
