#pragma once

// Where a file lies: s3://bucket/key (s3n, s3a too), hdfs://host:port/path or file:/path. Pure
// values. A text without a scheme belongs to the default file system (fs.defaultFS), as in Hadoop.
// Failure: kInvalidArgument names the text and what is wrong with it.

#include <string>
#include <string_view>

#include "base/result.h"

namespace howdah::distcp {

enum class Scheme { kS3, kHdfs, kLocal };

struct Location {
  Scheme scheme = Scheme::kLocal;
  std::string spelled;    // "s3", "s3n", "s3a", "hdfs", "file": as it was written
  std::string authority;  // the bucket, or host:port of a NameNode; empty for local files
  std::string path;       // an S3 key (no leading '/'), or an absolute path; no '/' at the end
  bool operator==(const Location&) const = default;
};

/// `default_fs`: "hdfs://host:port" or "file:///". hdfs:///path and hdfs:/path take its host.
base::Result<Location> parse_location(std::string_view text, std::string_view default_fs);

/// As Hadoop writes it: s3://bucket/key, hdfs://host:port/path, file:/path.
std::string uri(const Location& location);

/// `relative` (no leading '/') below `folder`; an empty one is the folder itself.
Location below(const Location& folder, std::string_view relative);

/// The folder that holds it; that of the top is the top.
Location parent(const Location& location);

/// What follows the last '/'.
std::string_view file_name(std::string_view path);

}  // namespace howdah::distcp
