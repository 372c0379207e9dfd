#pragma once

// YARN's and HDFS's own counts under CloudWatch's names (AWS/ElasticMapReduce). The bytes come from
// daemons that user code shares a node with: any are safe, what is not said is left out. Pure.
// Sources: Hadoop's "ResourceManager REST API's" (Cluster Metrics), the NameNode's bean
// FSNamesystem; "Monitor metrics with CloudWatch", Amazon EMR Management Guide.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace howdah::control {

struct Measured {
  std::string name;  // "AppsRunning"
  double value = 0;
  std::string unit;  // "Count", "Percent", "None"
};

inline constexpr uint16_t kYarnPort = 8088;
inline constexpr uint16_t kHdfsPort = 9870;
inline constexpr const char* kYarnMetrics = "/ws/v1/cluster/metrics";
inline constexpr const char* kHdfsMetrics = "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystem";

base::Result<std::vector<Measured>> read_yarn_metrics(std::string_view answer);
base::Result<std::vector<Measured>> read_hdfs_metrics(std::string_view answer);

/// The value of that name; nullptr when it was not measured.
const Measured* find(const std::vector<Measured>& all, std::string_view name);

}  // namespace howdah::control
