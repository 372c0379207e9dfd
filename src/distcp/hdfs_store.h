#pragma once

// Files in HDFS. Questions go to the NameNode over WebHDFS (Apache Hadoop: "WebHDFS REST API"),
// data by HDFS's own protocols (hdfs_native.h), or over WebHDFS too where these cannot be used. A
// new file is written beside its place under a name of its own and renamed; a large one as several
// files of whole blocks, joined by CONCAT before that. Over WebHDFS, once DataNodes are known,
// small transfers go to one of them without asking first. Threads, failure: see store.h. Safe mode
// and a lost DataNode are kUnavailable.

#include <mutex>

#include "base/ids.h"
#include "distcp/connections.h"
#include "distcp/hdfs_native.h"
#include "distcp/retry.h"
#include "distcp/store.h"

namespace howdah::distcp {

struct HdfsOptions {
  std::string rpc_address;  // "host:8020"
  std::string web_address;  // "host:9870"
  std::string user;
  std::string replication;  // of new files; empty: the cluster's default
  uint64_t block_size = 128 << 20;
  bool block_size_asked = false;  // tell the NameNode
};

/// "128m", "64k", "134217728" in bytes; nullopt when it is none (Hadoop's dfs.blocksize).
std::optional<uint64_t> parse_size(std::string_view text);

class HdfsStore final : public Store {
 public:
  HdfsStore(HdfsOptions options, base::Ids& ids, const Retry& retry);

  base::Result<std::vector<Input>> list(const Location& folder) override;
  base::Result<std::vector<Input>> list_prefix(const Location& prefix) override;
  base::Result<Input> look(const Location& file) override;
  base::Result<Source> open(const Input& file, uint64_t offset, uint64_t length) override;
  base::Result<std::unique_ptr<Writer>> create(const NewFile& file) override;
  std::optional<base::Status> copy(const Input& from, const NewFile& to) override;
  base::Status remove(const std::vector<Location>& files) override;

 private:
  friend class HdfsWriter;
  /// A DataNode as it was seen in a redirect.
  struct DataNode {
    std::string origin;     // http://host:port
    std::string name_node;  // namenoderpcaddress: the DataNode asks that one
    bool operator==(const DataNode&) const = default;
  };

  std::string name_node_url(std::string_view path, std::string_view query) const;
  /// An operation that the NameNode carries out itself; a status of 300 and above is an error.
  base::Result<std::string> ask(std::string_view method, const Location& file,
                                std::string_view query);
  base::Result<std::string> ask_once(std::string_view method, const Location& file,
                                     std::string_view query);
  /// Where to send data of `file`: from the NameNode's redirect, or, when `any` DataNode will do,
  /// from those that are known.
  base::Result<std::string> data_url(std::string_view method, const Location& file,
                                     const std::string& query, bool any);
  void learn(std::string_view redirect);
  void forget(std::string_view url);
  base::Status write_file(const Location& file, http::BodySource& bytes);
  base::Status list_folder(const Location& folder, std::vector<Location>& folders,
                           std::vector<Input>& files);

  HdfsOptions options_;
  base::Ids& ids_;
  const Retry& retry_;
  Connections connections_;
  HdfsNative native_;
  std::mutex mutex_;  // guards what follows
  std::vector<DataNode> data_nodes_;
  size_t next_ = 0;
};

}  // namespace howdah::distcp
