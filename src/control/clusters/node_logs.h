#pragma once

// The logs that lie on nodes beside the steps', on their way to the cluster's LogUri in EMR's
// layout:
//   node/<i-…>/applications/<app>/<daemon log>.gz            what is below /var/log/<app>
//   containers/<application>/<container>/<file>.gz           YARN's, from whichever node ran them
//   hadoop-mapreduce/history/YYYY/MM/DD/000000/<file>.gz     MapReduce's, from HDFS
// What has not grown since it was sent is not sent again, also after a restart: the object's own
// time tells. Ownership: borrows. Threads: concurrent calls allowed. Failure: the first error,
// naming the file; the others are sent all the same.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/cluster.h"
#include "control/clusters/log_files.h"
#include "nodes/provider.h"
#include "objects/object_store.h"

namespace howdah::control {

/// A log on a node, and where it goes.
struct NodeLog {
  std::string node_id;
  std::filesystem::path inside;
  std::string key;
};

class NodeLogs {
 public:
  NodeLogs(objects::ObjectStore& objects, nodes::Provider& nodes, const base::Clock& clock)
      : objects_(objects), nodes_(nodes), clock_(clock) {}

  /// What has grown of a node's own logs: daemons' every five minutes, containers' each time.
  /// `last`: everything that has, within eight seconds; kDeadlineExceeded says how much was left.
  base::Status ship(const cluster::Cluster& cluster, const cluster::Node& node, bool last);

  /// The containers that a step ran, wherever they ran, within five seconds; and the driver's
  /// outputs into the step's folder on the primary node (job/yarn_names.h), so that they are still
  /// there when YARN has thrown the container away.
  base::Status ship_containers(const cluster::Cluster& cluster, const cluster::Step& step);

 private:
  struct Sent {
    uint64_t size = 0;
    base::Time modified;
    base::Millis at{0};  // steady
  };

  base::Status send_all(const std::vector<NodeLog>& logs, const std::string& bucket,
                        base::Millis every, base::Millis until);
  base::Status send(const NodeLog& log, const std::string& bucket, base::Millis every);
  bool unchanged(const std::string& name, const std::string& bucket, const std::string& key,
                 const Sent& now, base::Millis every);
  void collect(const std::string& node_id, const std::filesystem::path& folder,
               const std::string& key, int depth, std::vector<NodeLog>& out);
  std::vector<NodeLog> daemons_of(const cluster::Cluster& cluster, const cluster::Node& node,
                                  const LogPlace& place);
  std::vector<NodeLog> containers_of(const cluster::Cluster& cluster, const cluster::Node& node,
                                     const LogPlace& place, const std::string& application);
  base::Status ship_history(const cluster::Cluster& cluster, const cluster::Node& primary,
                            const LogPlace& place, base::Millis until);
  std::vector<std::string> applications_of_step(const cluster::Cluster& cluster,
                                                const cluster::Step& step);

  objects::ObjectStore& objects_;
  nodes::Provider& nodes_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Sent> sent_;  // by node and path
};

}  // namespace howdah::control
