#pragma once

// One connection to a NameNode's RPC port, as Hadoop's own clients have it: Hadoop RPC version 9
// with simple authentication (Apache Hadoop: RpcHeader.proto, IpcConnectionContext.proto), and
// locations of blocks as it gives them. Ownership: owns its socket. Threads: one. Failure: what the
// NameNode threw, by hdfs_error(); kUnavailable when the connection breaks.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "distcp/protobuf.h"
#include "http/stream.h"

namespace howdah::distcp {

/// A connected TCP socket. `address`: "host:port".
base::Result<std::unique_ptr<http::Stream>> connect_to(const std::string& address,
                                                       base::Millis patience);

/// Exactly `count` bytes.
base::Result<std::string> receive_exactly(http::Stream& stream, size_t count);
/// A message with its length before it, of at most 64 MiB.
base::Result<std::string> receive_delimited(http::Stream& stream);

/// The error of an exception of Hadoop's: `name` without its package.
base::Error hdfs_error(std::string_view name, std::string_view message, std::string_view what);

class NameNode {
 public:
  static base::Result<std::unique_ptr<NameNode>> connect(const std::string& address,
                                                         const std::string& user, base::Ids& ids);
  /// A method of ClientProtocol; gives the bytes of its response message.
  base::Result<std::string> call(std::string_view method, const Message& request);
  bool broken() const { return broken_; }

 private:
  NameNode(std::unique_ptr<http::Stream> stream, std::string client_id)
      : stream_(std::move(stream)), client_id_(std::move(client_id)) {}
  Message header(int32_t call, int64_t retries) const;
  base::Status send(const Message& header, std::string_view rest);
  base::Result<std::string> receive(int32_t call, std::string_view method);

  std::unique_ptr<http::Stream> stream_;
  const std::string client_id_;
  int32_t next_ = 0;
  bool broken_ = false;
};

/// A block and where its replicas are, from LocatedBlockProto.
struct LocatedBlock {
  std::string block;  // ExtendedBlockProto
  std::string token;
  uint64_t offset = 0;  // in the file
  uint64_t size = 0;
  uint64_t generation = 0;
  struct Replica {
    std::string info;     // DatanodeInfoProto
    std::string address;  // ip:port
    std::string storage;
    uint64_t storage_type = 1;  // DISK
  };
  std::vector<Replica> replicas;
};

base::Result<LocatedBlock> parse_located_block(std::string_view bytes);
/// LocatedBlocksProto.
base::Result<std::vector<LocatedBlock>> parse_located_blocks(std::string_view bytes);

/// The block of ExtendedBlockProto `block`, with another length.
base::Result<std::string> with_length(std::string_view block, uint64_t size);

}  // namespace howdah::distcp
