#pragma once

// MapReduce's job history, read from HDFS by its REST services (WebHDFS) through connect_inside.
// Threads: concurrent calls allowed. Any answer is safe: paths and places that are not the
// cluster's own are refused.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/cluster.h"
#include "nodes/provider.h"

namespace howdah::control {

struct HdfsEntry {
  std::string name;
  bool folder = false;
  uint64_t size = 0;
  base::Time modified;
};

/// Of WebHDFS's LISTSTATUS; names that could lead elsewhere are left out.
base::Result<std::vector<HdfsEntry>> read_listing(std::string_view answer);

/// Of WebHDFS's OPEN&noredirect=true: which host and port have the bytes, and what to ask there.
struct HdfsPlace {
  std::string host;
  uint16_t port = 0;
  std::string target;
};
base::Result<HdfsPlace> read_place(std::string_view answer);

/// Files of finished jobs: their path in HDFS, and "YYYY/MM/DD/000000/<name>".
struct HistoryFile {
  std::string path;
  std::string key;
  uint64_t size = 0;
  base::Time modified;
};
/// At most 2,000, the newest days first. kUnavailable while HDFS does not answer.
base::Result<std::vector<HistoryFile>> find_history(nodes::Provider& nodes,
                                                    const base::Clock& clock,
                                                    const cluster::Cluster& cluster);
/// One of them, at most 64 MiB.
base::Result<std::string> read_history(nodes::Provider& nodes, const base::Clock& clock,
                                       const cluster::Cluster& cluster, const std::string& path);

}  // namespace howdah::control
