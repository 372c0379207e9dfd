#include "distcp/hdfs_native.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "distcp/block_io.h"

namespace howdah::distcp {
namespace {

constexpr uint64_t kCreateOrReplace = 1 | 2;  // CreateFlagProto
constexpr uint64_t kPermission = 0644;
constexpr base::Millis kFirstPause{1}, kLongestPause{400}, kCloseWithin{60'000};
constexpr base::Millis kRenewEvery{30'000};  // a lease may be taken after 60 s

}  // namespace

// A range of a file, block after block.
class NativeSource final : public http::BodySource {
 public:
  NativeSource(HdfsNative& native, std::vector<LocatedBlock> blocks, uint64_t offset,
               uint64_t length)
      : native_(native), blocks_(std::move(blocks)), at_(offset), left_(length), length_(length) {}

  base::Result<size_t> read(std::span<char> into) override {
    for (;;) {
      if (left_ == 0) return size_t{0};
      if (!block_) TRY(open_block());
      auto got = block_->read(into);
      if (!got.ok()) native_.suspect(address_, {});
      if (!got.ok()) return got;
      if (*got == 0) {
        block_.reset();
        continue;
      }
      at_ += *got;
      left_ -= *got;
      return got;
    }
  }
  std::optional<uint64_t> length() const override { return length_; }

 private:
  base::Status open_block() {
    const auto found = std::find_if(blocks_.begin(), blocks_.end(), [&](const LocatedBlock& each) {
      return each.offset <= at_ && at_ < each.offset + each.size;
    });
    if (found == blocks_.end() || found->replicas.empty()) {
      return base::unavailable(fmt::format("no DataNode has byte {} of it", at_));
    }
    auto replicas = found->replicas;  // the nearest first, those that failed last
    std::stable_partition(replicas.begin(), replicas.end(),
                          [&](const auto& each) { return !native_.is_suspect(each.address); });
    base::Status last = base::ok();
    const uint64_t inside = at_ - found->offset;
    for (const auto& replica : replicas) {
      auto opened = BlockReader::open(*found, replica.address, native_.client_, inside,
                                      std::min(left_, found->size - inside));
      if (opened.ok()) {
        block_ = *std::move(opened);
        address_ = replica.address;
        return base::ok();
      }
      native_.suspect(replica.address, {});
      last = std::move(opened).error();
    }
    return last;
  }

  HdfsNative& native_;
  const std::vector<LocatedBlock> blocks_;
  uint64_t at_;
  uint64_t left_;
  const uint64_t length_;
  std::unique_ptr<BlockReader> block_;
  std::string address_;
};

HdfsNative::HdfsNative(NativeOptions options, base::Ids& ids, const Retry& retry)
    : options_(std::move(options)),
      ids_(ids),
      retry_(retry),
      client_("s3-dist-cp-" + ids.token(base::kLowerAlnum, 16)) {}

base::Result<Fields> HdfsNative::call(std::string_view method, const Message& request,
                                      std::string& bytes) {
  auto slot = connections_.borrow();
  if (!slot->connection || slot->connection->broken()) {
    slot->connection = TRY(NameNode::connect(options_.address, options_.user, ids_));
  }
  bytes = TRY(slot->connection->call(method, request));
  return Fields::parse(bytes);
}

bool HdfsNative::available() {
  std::lock_guard lock(mutex_);
  if (available_) return *available_;
  std::string bytes;
  const auto defaults = [&]() -> base::Result<Fields> {
    const Fields answer = TRY(call("getServerDefaults", Message(), bytes));
    return Fields::parse(answer.text(1));
  }();
  const bool encrypted = defaults.ok() && defaults->number(6) != 0;
  available_ = defaults.ok() && !encrypted;
  if (*available_) {
    if (options_.block_size == 0) options_.block_size = defaults->number(1);
    if (options_.replication == 0) {
      options_.replication = static_cast<uint32_t>(defaults->number(4));
    }
  } else {
    base::log_info("s3-dist-cp", "going through WebHDFS: {}",
                   defaults.ok() ? "data transfer is encrypted" : defaults.error().message);
  }
  return *available_;
}

void HdfsNative::suspect(const std::string& address,
                         const std::vector<LocatedBlock::Replica>& among) {
  std::lock_guard lock(mutex_);
  std::string& info = suspects_[address];
  for (const auto& each : among) {
    if (each.address == address) info = each.info;
  }
}

bool HdfsNative::is_suspect(const std::string& address) {
  std::lock_guard lock(mutex_);
  return suspects_.contains(address);
}

base::Result<uint64_t> HdfsNative::create(const std::string& path, const std::string& client) {
  Message permission, request;
  permission.number(1, kPermission);
  request.text(1, path).message(2, permission).text(3, client).number(4, kCreateOrReplace);
  request.number(5, 1).number(6, options_.replication).number(7, options_.block_size);
  request.message(9, permission);
  std::string bytes;
  const Fields answer = TRY(call("create", request, bytes));
  const Fields status = TRY(Fields::parse(answer.text(1)));
  return status.number(13);
}

base::Result<LocatedBlock> HdfsNative::add_block(const NewFileId& file, const std::string& previous,
                                                 const std::vector<std::string>& without) {
  Message request;
  request.text(1, file.path).text(2, file.client);
  if (!previous.empty()) request.text(3, previous);
  for (const std::string& info : without) request.text(4, info);
  request.number(5, file.id);
  std::string bytes;
  const Fields answer = TRY(call("addBlock", request, bytes));
  return parse_located_block(answer.text(1));
}

base::Result<std::unique_ptr<BlockWriter>> HdfsNative::next_block(const NewFileId& file,
                                                                  std::string& block) {
  std::vector<std::string> without;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [address, info] : suspects_) {
      if (!info.empty()) without.push_back(info);
    }
  }
  auto found = add_block(file, block, without);
  if (!found.ok() && !without.empty()) {  // perhaps no DataNode was left
    {
      std::lock_guard lock(mutex_);
      suspects_.clear();
    }
    found = add_block(file, block, {});
  }
  const LocatedBlock located = TRY(std::move(found));
  std::string culprit;
  auto writer = BlockWriter::open(located, file.client, culprit);
  if (!writer.ok()) suspect(culprit, located.replicas);
  block = located.block;
  return writer;
}

base::Status HdfsNative::complete(const NewFileId& file, const std::string& last) {
  Message request;
  request.text(1, file.path).text(2, file.client);
  if (!last.empty()) request.text(3, last);
  request.number(4, file.id);
  // false until the DataNodes have told the NameNode of the last block
  base::Millis pause = kFirstPause, waited{0};
  for (;;) {
    std::string bytes;
    const Fields answer = TRY(call("complete", request, bytes));
    if (answer.number(1) != 0) return base::ok();
    if (waited > kCloseWithin || !retry_.pause(pause)) {
      return base::unavailable("HDFS did not get to know the last block in time");
    }
    waited += pause;
    pause = std::min(pause * 2, kLongestPause);
  }
}

base::Status HdfsNative::write_blocks(const NewFileId& file, http::BodySource& bytes) {
  std::string buffer(BlockWriter::kPacket, '\0');
  std::string block;
  std::unique_ptr<BlockWriter> writer;
  base::Millis renewed = retry_.now();
  for (bool end = false; !end;) {
    const uint64_t room = options_.block_size - (writer ? writer->size() : 0);
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(room, buffer.size()));
    size_t filled = 0;
    while (filled < wanted && !end) {
      const size_t got = TRY(bytes.read(std::span(buffer).subspan(filled, wanted - filled)));
      end = got == 0;
      filled += got;
    }
    if (filled > 0 && !writer) writer = TRY(next_block(file, block));
    if (filled > 0) TRY(writer->write(std::string_view(buffer).substr(0, filled)));
    const bool full = writer && writer->size() == options_.block_size;
    if (writer && (full || end)) {
      TRY(writer->finish());
      block = TRY(with_length(block, writer->size()));
      writer.reset();
    }
    if (retry_.now() - renewed > kRenewEvery) {
      Message request;
      request.text(1, file.client);
      std::string ignored;
      TRY(call("renewLease", request, ignored));
      renewed = retry_.now();
    }
  }
  return complete(file, block);
}

base::Status HdfsNative::write(const Location& file, http::BodySource& bytes) {
  const auto written = [&]() -> base::Status {
    NewFileId made{file.path, client_, 0};
    made.id = TRY(create(made.path, made.client));
    return write_blocks(made, bytes);
  }();
  if (written.ok()) return written;
  base::Error error = written.error();
  if (error.message.find(file.path) == std::string::npos) {
    error.message = fmt::format("writing {}: {}", uri(file), error.message);
  }
  return error;
}

base::Result<Source> HdfsNative::read(const Input& file, uint64_t offset, uint64_t length) {
  Message request;
  request.text(1, file.location.path).number(2, offset).number(3, length);
  std::string bytes;
  const Fields answer = TRY(call("getBlockLocations", request, bytes));
  if (!answer.has(1)) return base::not_found(uri(file.location) + " is gone");
  auto blocks = TRY(parse_located_blocks(answer.text(1)));
  return Source(std::make_unique<NativeSource>(*this, std::move(blocks), offset, length));
}

base::Status HdfsNative::rename(const Location& from, const Location& to) {
  Message request;
  request.text(1, from.path).text(2, to.path).number(3, 1);
  std::string bytes;
  TRY(call("rename2", request, bytes));
  return base::ok();
}

}  // namespace howdah::distcp
