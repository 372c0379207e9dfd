#pragma once

// What the node knows: where its HDFS is and how S3 is reached, from Hadoop's configuration files
// and the environment. Pure but for load_site. Failure: a missing file is an empty one; one that
// cannot be read as XML is kInvalidArgument with its path.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "distcp/credentials.h"

namespace howdah::distcp {

using Properties = std::map<std::string, std::string>;

/// <configuration><property><name>…</name><value>…</value></property>…
base::Result<Properties> parse_configuration(std::string_view xml);

struct Site {
  Properties hadoop;  // core-site.xml and hdfs-site.xml
  std::string default_fs = "file:///";
  std::string user = "hadoop";  // who HDFS takes us for
  std::string region = "us-east-1";
  std::string s3_endpoint;  // "http://localhost:4566", without a '/' at the end

  /// "host:port" of the NameNode's web address, for the NameNode of hdfs://`authority`.
  std::string web_address(std::string_view authority) const;
};

/// `folder`: where core-site.xml lies. `endpoint`: that of --s3Endpoint, may be empty.
base::Result<Site> load_site(const std::filesystem::path& folder, const Environment& environment,
                             std::string_view endpoint);

}  // namespace howdah::distcp
