#pragma once

// YARN's and HDFS's own word, and what is asked of them, on a cluster's primary node: the
// ResourceManager's REST services (8088) and the NameNode's JMX (9870) through connect_inside;
// refreshed lists of hosts by Hadoop's own commands as a supervised process. Ownership: borrows all
// of it. Threads: concurrent calls allowed; look() and
// end_applications() block for seconds at most, on a host that is very busy.

#include <memory>

#include "control/clusters/hadoop_answers.h"
#include "control/clusters/world.h"

namespace howdah::control {

inline constexpr uint16_t kResourceManagerPort = 8088;
inline constexpr uint16_t kNameNodePort = 9870;

/// `engines` says which files name the members of the cluster: node_of() of the primary node.
std::unique_ptr<Hadoop> make_local_hadoop(nodes::Provider& nodes, Engines& engines,
                                          const base::Clock& clock);

/// The applications that `step` has submitted, by their tag; kUnavailable when YARN does not
/// answer. `all`: also those that have ended.
base::Result<std::vector<YarnApplication>> applications_of(nodes::Provider& nodes,
                                                           const base::Clock& clock,
                                                           const cluster::Cluster& cluster,
                                                           const cluster::Step& step, bool all);

/// The body of a GET at a port of the primary node, as the others ask it; kUnavailable when nobody
/// answers, or with a status of 300 and above.
base::Result<std::string> ask_primary(nodes::Provider& nodes, const base::Clock& clock,
                                      const cluster::Cluster& cluster, uint16_t port,
                                      const std::string& target);

}  // namespace howdah::control
