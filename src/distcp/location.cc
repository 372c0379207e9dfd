#include "distcp/location.h"

#include <fmt/format.h>

#include "base/text.h"

namespace howdah::distcp {
namespace {

base::Error wrong(std::string_view text, std::string_view what) {
  return base::invalid_argument(fmt::format("{}: {}", text, what));
}

// One '/' between components, none at the end; "." goes, ".." is refused.
base::Result<std::string> clean_path(std::string_view text, std::string_view path) {
  std::string out;
  for (std::string_view part : base::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return wrong(text, "a path must not contain \"..\"");
    out.append("/").append(part);
  }
  if (out.empty()) out = "/";
  return out;
}

base::Result<Location> s3_location(std::string_view text, std::string_view scheme,
                                   std::string_view rest) {
  if (!rest.starts_with("//")) return wrong(text, "expected s3://bucket/key");
  rest.remove_prefix(2);
  const size_t slash = rest.find('/');
  const std::string_view bucket = rest.substr(0, slash);
  if (bucket.empty()) return wrong(text, "there is no bucket in it");
  if (bucket.find('_') != std::string_view::npos) {  // AWS: "S3DistCp (s3-dist-cp)", Important
    return wrong(text, "S3DistCp does not support bucket names with an underscore");
  }
  if (bucket.find_first_of("?#@:%\\ ") != std::string_view::npos) {
    return wrong(text, fmt::format("{} is no name of a bucket", bucket));
  }
  std::string_view key = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  while (key.ends_with('/')) key.remove_suffix(1);
  return Location{Scheme::kS3, std::string(scheme), std::string(bucket), std::string(key)};
}

base::Result<Location> hdfs_location(std::string_view text, std::string_view rest,
                                     std::string_view default_fs) {
  std::string authority;
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const size_t slash = rest.find('/');
    authority = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? "/" : rest.substr(slash);
  }
  if (authority.empty()) {
    if (!default_fs.starts_with("hdfs://")) {
      return wrong(text,
                   fmt::format("which NameNode? fs.defaultFS is {}; this cluster has no HDFS, or "
                               "/etc/hadoop/conf/core-site.xml is missing",
                               default_fs));
    }
    authority = default_fs.substr(7, default_fs.find('/', 7) - 7);
  }
  if (authority.find(':') == std::string::npos) authority += ":8020";
  return Location{Scheme::kHdfs, "hdfs", authority, TRY(clean_path(text, rest))};
}

}  // namespace

base::Result<Location> parse_location(std::string_view text, std::string_view default_fs) {
  if (text.empty()) return base::invalid_argument("an empty location");
  const size_t colon = text.find(':');
  const size_t slash = text.find('/');
  if (colon == std::string_view::npos || slash < colon) {
    if (slash != 0) return wrong(text, "expected an absolute path or a URI");
    if (default_fs.starts_with("hdfs://")) return hdfs_location(text, text, default_fs);
    return Location{Scheme::kLocal, "file", "", TRY(clean_path(text, text))};
  }
  const std::string scheme = base::to_lower(text.substr(0, colon));
  std::string_view rest = text.substr(colon + 1);
  if (scheme == "s3" || scheme == "s3n" || scheme == "s3a") return s3_location(text, scheme, rest);
  if (scheme == "hdfs") return hdfs_location(text, rest, default_fs);
  if (scheme == "file") {
    if (rest.starts_with("///")) rest.remove_prefix(2);
    if (!rest.starts_with('/') || rest.starts_with("//")) {
      return wrong(text, "expected file:///path");
    }
    return Location{Scheme::kLocal, "file", "", TRY(clean_path(text, rest))};
  }
  return wrong(text, fmt::format("no file system for the scheme \"{}\": expected s3, s3n, s3a, "
                                 "hdfs or file",
                                 scheme));
}

std::string uri(const Location& location) {
  switch (location.scheme) {
    case Scheme::kS3:
      return fmt::format("{}://{}/{}", location.spelled, location.authority, location.path);
    case Scheme::kHdfs:
      return fmt::format("hdfs://{}{}", location.authority, location.path);
    case Scheme::kLocal:
      break;
  }
  return "file:" + location.path;
}

Location below(const Location& folder, std::string_view relative) {
  Location out = folder;
  if (relative.empty()) return out;
  if (!out.path.empty() && !out.path.ends_with('/')) out.path += '/';
  out.path += relative;
  return out;
}

Location parent(const Location& location) {
  Location out = location;
  const size_t slash = out.path.rfind('/');
  if (slash == std::string::npos) {
    out.path.clear();
  } else {
    out.path.resize(slash);
  }
  if (out.path.empty() && out.scheme != Scheme::kS3) out.path = "/";
  return out;
}

std::string_view file_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace howdah::distcp
