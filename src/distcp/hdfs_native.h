#pragma once

// Data of HDFS by its own protocols: the NameNode by RPC, blocks from and to DataNodes. Many times
// cheaper a file than WebHDFS, where a DataNode becomes a new client for every request. Used when
// the cluster has simple authentication and plain data transfer; the caller falls back to WebHDFS
// else. Ownership: ids and retry must outlive it, it must outlive its sources. Threads: concurrent
// calls allowed. Failure: kUnavailable, kNotFound, kPermissionDenied …, naming the file.

#include <map>
#include <mutex>

#include "base/ids.h"
#include "distcp/connections.h"
#include "distcp/name_node.h"
#include "distcp/retry.h"
#include "distcp/store.h"

namespace howdah::distcp {

struct NativeOptions {
  std::string address;  // host:port of the NameNode's RPC
  std::string user;
  uint32_t replication = 0;  // of new files; 0: the cluster's default
  uint64_t block_size = 0;   // the same
};

class HdfsNative {
 public:
  HdfsNative(NativeOptions options, base::Ids& ids, const Retry& retry);

  /// Whether it can be used here; asks once.
  bool available();
  /// Replaces `file`.
  base::Status write(const Location& file, http::BodySource& bytes);
  base::Result<Source> read(const Input& file, uint64_t offset, uint64_t length);
  base::Status rename(const Location& from, const Location& to);

 private:
  friend class NativeSource;
  struct Slot {
    std::unique_ptr<NameNode> connection;
  };
  struct NewFileId {
    std::string path;
    std::string client;
    uint64_t id = 0;
  };

  base::Result<Fields> call(std::string_view method, const Message& request, std::string& bytes);
  base::Result<uint64_t> create(const std::string& path, const std::string& client);
  base::Result<LocatedBlock> add_block(const NewFileId& file, const std::string& previous,
                                       const std::vector<std::string>& without);
  base::Result<std::unique_ptr<class BlockWriter>> next_block(const NewFileId& file,
                                                              std::string& block);
  base::Status write_blocks(const NewFileId& file, http::BodySource& bytes);
  base::Status complete(const NewFileId& file, const std::string& last);
  void suspect(const std::string& address, const std::vector<LocatedBlock::Replica>& among);
  bool is_suspect(const std::string& address);

  NativeOptions options_;
  base::Ids& ids_;
  const Retry& retry_;
  const std::string client_;
  Pool<Slot> connections_;
  std::mutex mutex_;  // guards what follows
  std::optional<bool> available_;
  std::map<std::string, std::string> suspects_;  // address -> DatanodeInfoProto
};

}  // namespace howdah::distcp
