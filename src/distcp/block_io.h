#pragma once

// Bytes of a block to and from DataNodes (Apache Hadoop: datatransfer.proto, version 28). Every
// chunk carries a CRC-32C, which the other side checks on writing and we on reading. Ownership:
// owns its socket. Threads: one. Failure: kUnavailable with the DataNode's address; `suspect` says
// which DataNode of a pipeline broke.

#include <memory>
#include <string>

#include "base/result.h"
#include "distcp/name_node.h"
#include "http/message.h"

namespace howdah::distcp {

class BlockWriter {
 public:
  /// Opens the pipeline through all replicas of `block`. `suspect` is set when that fails.
  static base::Result<std::unique_ptr<BlockWriter>> open(const LocatedBlock& block,
                                                         const std::string& client,
                                                         std::string& suspect);
  static constexpr size_t kPacket = 256 * 1024;  // bytes of data, at most

  /// At most kPacket bytes; all but the last of a block a multiple of 512.
  base::Status write(std::string_view data);
  /// Returns when all replicas have all of it.
  base::Status finish();
  uint64_t size() const { return size_; }

 private:
  explicit BlockWriter(std::unique_ptr<http::Stream> stream, std::string address)
      : stream_(std::move(stream)), address_(std::move(address)) {}
  base::Status send_packet(std::string_view data, bool last);
  base::Status take_ack();

  std::unique_ptr<http::Stream> stream_;
  const std::string address_;
  uint64_t size_ = 0;
  uint64_t sent_ = 0;   // packets
  uint64_t acked_ = 0;  // the same
  std::string checksums_;
};

class BlockReader final : public http::BodySource {
 public:
  /// `length` bytes from `offset` in the block, from the replica at `address`.
  static base::Result<std::unique_ptr<BlockReader>> open(const LocatedBlock& block,
                                                         const std::string& address,
                                                         const std::string& client, uint64_t offset,
                                                         uint64_t length);
  base::Result<size_t> read(std::span<char> into) override;
  std::optional<uint64_t> length() const override { return length_; }

 private:
  BlockReader(std::unique_ptr<http::Stream> stream, std::string address, uint64_t length)
      : stream_(std::move(stream)), address_(std::move(address)), length_(length), left_(length) {}
  base::Status start(const LocatedBlock& block, const std::string& client, uint64_t offset);
  base::Status next_packet();
  base::Error broken(std::string_view what) const;

  std::unique_ptr<http::Stream> stream_;
  const std::string address_;
  const uint64_t length_;
  uint64_t left_;
  uint64_t skip_ = 0;  // bytes before `offset` in the first chunk
  size_t chunk_ = 0;   // bytes a checksum; 0: there are none
  std::string data_;   // of the packet
  size_t data_at_ = 0;
  bool ended_ = false;
};

}  // namespace howdah::distcp
