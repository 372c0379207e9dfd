#include "distcp/block_io.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "distcp/crc32c.h"

namespace howdah::distcp {
namespace {

constexpr char kWriteBlock = 80, kReadBlock = 81;
constexpr uint64_t kSetupCreate = 6;  // BlockConstructionStage
constexpr uint64_t kCrc32c = 2;
constexpr uint64_t kSuccess = 0, kChecksumOk = 6;
constexpr uint64_t kMostUnacked = 64;  // packets
constexpr size_t kMostPacket = 32 << 20;
constexpr base::Millis kPatience{10'000};

std::string operation(char code, const Message& request) {
  std::string out{'\0', '\x1c', code};  // version 28
  return out += request.delimited();
}

Message header_of(const LocatedBlock& block, const std::string& client) {
  Message base, out;
  base.text(1, block.block).text(2, block.token);
  out.message(1, base).text(2, client);
  return out;
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

void append_big_endian(std::string& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift);
  }
}

Message write_request(const LocatedBlock& block, const std::string& client) {
  Message request, checksum;
  request.message(1, header_of(block, client));
  for (size_t i = 1; i < block.replicas.size(); ++i) request.text(2, block.replicas[i].info);
  checksum.number(1, kCrc32c).number(2, kChunk);
  request.number(4, kSetupCreate)
      .number(5, block.replicas.size())
      .number(6, 0)
      .number(7, 0)
      .number(8, block.generation)
      .message(9, checksum)
      .number(11, block.replicas[0].storage_type);
  for (size_t i = 1; i < block.replicas.size(); ++i) {
    request.number(12, block.replicas[i].storage_type);
  }
  request.text(16, block.replicas[0].storage);
  for (size_t i = 1; i < block.replicas.size(); ++i) request.text(17, block.replicas[i].storage);
  return request;
}

base::Error at_node(const std::string& address, std::string_view what) {
  return base::unavailable(fmt::format("DataNode {}: {}", address, what));
}

}  // namespace

base::Result<std::unique_ptr<BlockWriter>> BlockWriter::open(const LocatedBlock& block,
                                                             const std::string& client,
                                                             std::string& suspect) {
  if (block.replicas.empty()) return base::unavailable("HDFS named no DataNode for a block");
  suspect = block.replicas[0].address;
  auto stream = connect_to(suspect, kPatience);
  if (!stream.ok()) return at_node(suspect, stream.error().message);
  std::unique_ptr<BlockWriter> out(new BlockWriter(*std::move(stream), suspect));
  TRY(out->stream_->send(operation(kWriteBlock, write_request(block, client))));
  auto answer = receive_delimited(*out->stream_);
  if (!answer.ok()) return at_node(suspect, answer.error().message);
  const Fields response = TRY(Fields::parse(*answer));
  if (response.number(1) != kSuccess) {
    if (!response.text(2).empty()) suspect = response.text(2);
    return at_node(suspect, fmt::format("refused a block (status {}) {}", response.number(1),
                                        response.text(5)));
  }
  suspect.clear();
  return out;
}

base::Status BlockWriter::send_packet(std::string_view data, bool last) {
  Message header;  // of fixed length, as the DataNode wants it
  header.fixed64(1, size_).fixed64(2, sent_).number(3, last ? 1 : 0);
  header.fixed32(4, static_cast<uint32_t>(data.size()));
  checksums_.clear();
  append_checksums(data, kChunk, checksums_);
  std::string head;
  append_big_endian(head, 4 + checksums_.size() + data.size(), 4);
  append_big_endian(head, header.bytes().size(), 2);
  head += header.bytes();
  iovec parts[] = {{head.data(), head.size()},
                   {checksums_.data(), checksums_.size()},
                   {const_cast<char*>(data.data()), data.size()}};
  const auto sent = stream_->send(parts);
  if (!sent.ok()) return at_node(address_, sent.error().message);
  ++sent_;
  size_ += data.size();
  return base::ok();
}

base::Status BlockWriter::write(std::string_view data) {
  CHECK(data.size() <= kPacket && size_ % kChunk == 0);
  TRY(send_packet(data, false));
  while (sent_ - acked_ > kMostUnacked) TRY(take_ack());
  return base::ok();
}

base::Status BlockWriter::take_ack() {
  auto bytes = receive_delimited(*stream_);
  if (!bytes.ok()) return at_node(address_, bytes.error().message);
  const Fields ack = TRY(Fields::parse(*bytes));
  const int64_t number = ack.signed_number(1);
  if (number == -1) return base::ok();  // a heartbeat
  for (uint64_t status : ack.numbers(2)) {
    if (status != kSuccess) {
      return at_node(address_, fmt::format("could not write a packet (status {})", status));
    }
  }
  if (number != static_cast<int64_t>(acked_)) return at_node(address_, "lost a packet");
  ++acked_;
  return base::ok();
}

base::Status BlockWriter::finish() {
  TRY(send_packet({}, true));
  while (acked_ < sent_) TRY(take_ack());
  return base::ok();
}

base::Error BlockReader::broken(std::string_view what) const { return at_node(address_, what); }

base::Result<std::unique_ptr<BlockReader>> BlockReader::open(const LocatedBlock& block,
                                                             const std::string& address,
                                                             const std::string& client,
                                                             uint64_t offset, uint64_t length) {
  auto stream = connect_to(address, kPatience);
  if (!stream.ok()) return at_node(address, stream.error().message);
  std::unique_ptr<BlockReader> out(new BlockReader(*std::move(stream), address, length));
  TRY(out->start(block, client, offset));
  return out;
}

base::Status BlockReader::start(const LocatedBlock& block, const std::string& client,
                                uint64_t offset) {
  Message request;
  request.message(1, header_of(block, client)).number(2, offset).number(3, length_).number(4, 1);
  TRY(stream_->send(operation(kReadBlock, request)));
  auto answer = receive_delimited(*stream_);
  if (!answer.ok()) return broken(answer.error().message);
  const Fields response = TRY(Fields::parse(*answer));
  if (response.number(1) != kSuccess) {
    return broken(fmt::format("refused to read a block (status {}) {}", response.number(1),
                              response.text(5)));
  }
  const Fields info = TRY(Fields::parse(response.text(4)));
  const Fields checksum = TRY(Fields::parse(info.text(1)));
  const uint64_t first = info.number(2);  // data begins at a chunk's begin
  if (first > offset) return broken("begins behind what was asked for");
  skip_ = offset - first;
  // CRC-32 of old files is not checked here; the DataNode's scanner does that
  if (checksum.number(1) == kCrc32c) chunk_ = static_cast<size_t>(checksum.number(2));
  if (checksum.number(1) == kCrc32c && chunk_ == 0) return broken("has no size of its chunks");
  return base::ok();
}

base::Status BlockReader::next_packet() {
  const std::string lengths = TRY(receive_exactly(*stream_, 6));
  const uint64_t payload = big_endian(std::string_view(lengths).substr(0, 4));
  const uint64_t header_size = big_endian(std::string_view(lengths).substr(4));
  if (payload < 4 || payload > kMostPacket) return broken("sent a packet of no possible size");
  const std::string header = TRY(receive_exactly(*stream_, header_size));
  const Fields fields = TRY(Fields::parse(header));
  const uint64_t size = fields.number(4);
  if (size > payload - 4) return broken("sent a packet shorter than it said");
  const std::string checksums = TRY(receive_exactly(*stream_, payload - 4 - size));
  data_ = TRY(receive_exactly(*stream_, size));
  data_at_ = 0;
  ended_ = fields.number(3) == 1;
  if (chunk_ == 0 || size == 0) return base::ok();
  std::string own;
  append_checksums(data_, chunk_, own);
  if (own != checksums) return broken("sent data whose checksum is wrong");
  return base::ok();
}

base::Result<size_t> BlockReader::read(std::span<char> into) {
  while (data_at_ == data_.size()) {
    if (left_ == 0) return size_t{0};
    if (ended_) return broken("ended a block too early");
    auto got = next_packet();
    if (!got.ok()) return broken(got.error().message);
    const uint64_t skipped = std::min<uint64_t>(skip_, data_.size());
    data_at_ = static_cast<size_t>(skipped);
    skip_ -= skipped;
  }
  const size_t count =
      static_cast<size_t>(std::min<uint64_t>({into.size(), data_.size() - data_at_, left_}));
  std::memcpy(into.data(), data_.data() + data_at_, count);
  data_at_ += count;
  left_ -= count;
  if (left_ == 0) {  // what the DataNode waits for before it lets go
    Message status;
    status.number(1, kChecksumOk);
    (void)stream_->send(status.delimited());
    data_at_ = data_.size();
  }
  return count;
}

}  // namespace howdah::distcp
