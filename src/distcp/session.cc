#include "distcp/session.h"

#include "distcp/hdfs_store.h"
#include "distcp/local_store.h"
#include "distcp/s3_store.h"

namespace howdah::distcp {

Session::Session(const Options& options, Site site, Environment environment, base::Clock& clock,
                 base::Ids& ids, const Retry& retry)
    : options_(options),
      site_(std::move(site)),
      clock_(clock),
      ids_(ids),
      retry_(retry),
      credentials_(std::move(environment), clock, site_.region) {}

base::Result<Location> Session::locate(std::string_view text) const {
  return parse_location(text, site_.default_fs);
}

std::string Session::property(const std::string& name) const {
  std::string value;
  for (const auto& [key, given] : options_.properties) {
    if (key == name) value = given;
  }
  return value;
}

std::unique_ptr<Store> Session::make(const Location& location) {
  switch (location.scheme) {
    case Scheme::kS3: {
      S3Options options;
      options.endpoint = site_.s3_endpoint;
      options.part_size = static_cast<uint64_t>(options_.chunk_size);
      options.multipart = !options_.disable_multipart;
      options.server_side_encryption = options_.server_side_encryption;
      return std::make_unique<S3Store>(options, credentials_, clock_, retry_);
    }
    case Scheme::kHdfs: {
      HdfsOptions options;
      options.rpc_address = location.authority;
      options.web_address = site_.web_address(location.authority);
      options.user = site_.user;
      options.replication = property("dfs.replication");
      const auto asked = parse_size(property("dfs.blocksize"));
      const auto configured = site_.hadoop.find("dfs.blocksize");
      options.block_size_asked = asked.has_value();
      if (asked) {
        options.block_size = *asked;
      } else if (configured != site_.hadoop.end()) {
        options.block_size = parse_size(configured->second).value_or(options.block_size);
      }
      return std::make_unique<HdfsStore>(options, ids_, retry_);
    }
    case Scheme::kLocal:
      break;
  }
  return std::make_unique<LocalStore>(ids_);
}

base::Result<Store*> Session::store_of(const Location& location) {
  std::string key = location.scheme == Scheme::kS3     ? "s3"
                    : location.scheme == Scheme::kHdfs ? "hdfs://" + location.authority
                                                       : "file";
  std::lock_guard lock(mutex_);
  std::unique_ptr<Store>& store = stores_[key];
  if (!store) store = make(location);
  return store.get();
}

}  // namespace howdah::distcp
