#include "distcp/name_node.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace howdah::distcp {
namespace {

constexpr std::string_view kProtocol = "org.apache.hadoop.hdfs.protocol.ClientProtocol";
constexpr std::string_view kPreamble{"hrpc\x09\x00\x00", 7};  // version 9, class 0, no SASL
constexpr int32_t kContextCall = -3;
constexpr size_t kMostMessage = 64 << 20;
constexpr base::Millis kPatience{60'000};

// What may go well a moment later: the NameNode starts, a DataNode went, a lease runs out.
constexpr std::array<std::string_view, 9> kTransient = {"SafeModeException",
                                                        "StandbyException",
                                                        "RetriableException",
                                                        "LeaseExpiredException",
                                                        "ConnectException",
                                                        "IOException",
                                                        "AlreadyBeingCreatedException",
                                                        "NoRouteToHostException",
                                                        "NotReplicatedYetException"};

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

uint32_t from_big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

base::Status connect_one(int fd, const addrinfo& to, base::Millis patience) {
  if (::connect(fd, to.ai_addr, to.ai_addrlen) == 0) return base::ok();
  if (errno != EINPROGRESS) return base::from_errno("connect");
  pollfd wait{fd, POLLOUT, 0};
  const int ready = ::poll(&wait, 1, static_cast<int>(patience.count()));
  if (ready < 0) return base::from_errno("connect");
  if (ready == 0) return base::unavailable("no answer");
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? base::ok() : base::Status(base::from_errno("connect", error));
}

}  // namespace

base::Error hdfs_error(std::string_view name, std::string_view message, std::string_view what) {
  name = name.substr(name.rfind('.') + 1);
  message = message.substr(0, message.find('\n'));
  base::Error error;
  error.reason = name;
  error.message = fmt::format("{}: HDFS answered {}: {}", what, name, message);
  error.code = base::Code::kInvalidArgument;
  if (name == "FileNotFoundException") {
    error.code = base::Code::kNotFound;
  } else if (name == "AccessControlException" || name == "SecurityException") {
    error.code = base::Code::kPermissionDenied;
  } else if (name == "FileAlreadyExistsException" || name == "ParentNotDirectoryException") {
    error.code = base::Code::kAlreadyExists;
  } else if (std::find(kTransient.begin(), kTransient.end(), name) != kTransient.end()) {
    error.code = base::Code::kUnavailable;
  }
  return error;
}

base::Result<std::unique_ptr<http::Stream>> connect_to(const std::string& address,
                                                       base::Millis patience) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return base::invalid_argument(address + ": expected host:port");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(address.substr(0, colon).c_str(),
                                 address.substr(colon + 1).c_str(), &hints, &found);
  if (code != 0) {
    return base::unavailable(fmt::format("{}: {}", address, ::gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  base::Status last = base::unavailable("no address");
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    base::Fd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return base::from_errno("socket");
    last = connect_one(fd.get(), *at, patience);
    if (!last.ok()) continue;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return std::make_unique<http::Stream>(std::move(fd), kPatience);
  }
  return base::unavailable(fmt::format("{}: {}", address, last.error().message));
}

base::Result<std::string> receive_exactly(http::Stream& stream, size_t count) {
  std::string out(count, '\0');
  const std::string_view buffered = stream.buffered().substr(0, count);
  std::copy(buffered.begin(), buffered.end(), out.begin());
  size_t filled = buffered.size();
  stream.consume(filled);
  while (filled < count) {
    const size_t got = TRY(stream.receive(std::span(out).subspan(filled)));
    if (got == 0) return base::unavailable("HDFS closed the connection");
    filled += got;
  }
  return out;
}

base::Result<std::string> receive_delimited(http::Stream& stream) {
  uint64_t size = 0;
  for (int shift = 0;; shift += 7) {
    if (stream.buffered().empty() && !TRY(stream.fill(64 * 1024))) {
      return base::unavailable("HDFS closed the connection");
    }
    const auto byte = static_cast<unsigned char>(stream.buffered()[0]);
    stream.consume(1);
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
    if (shift >= 28) return base::internal("HDFS sent a length that is none");
  }
  if (size > kMostMessage) return base::internal("HDFS sent a message that is too large");
  return receive_exactly(stream, size);
}

base::Result<std::unique_ptr<NameNode>> NameNode::connect(const std::string& address,
                                                          const std::string& user, base::Ids& ids) {
  auto stream = TRY(connect_to(address, base::Millis(10'000)));
  std::unique_ptr<NameNode> out(new NameNode(std::move(stream), ids.token(base::kLowerAlnum, 16)));
  Message who, context;
  who.text(1, user);
  context.message(2, who).text(3, kProtocol);
  TRY(out->stream_->send(kPreamble));
  TRY(out->send(out->header(kContextCall, -1), context.delimited()));
  return out;
}

Message NameNode::header(int32_t call, int64_t retries) const {
  Message out;
  out.number(1, 2)
      .number(2, 0)
      .signed_number(3, call)
      .text(4, client_id_)
      .signed_number(5, retries);
  return out;
}

base::Status NameNode::send(const Message& header, std::string_view rest) {
  std::string packet = header.delimited();
  packet += rest;
  auto sent = stream_->send(big_endian(static_cast<uint32_t>(packet.size())) + packet);
  if (!sent.ok()) broken_ = true;
  return sent;
}

base::Result<std::string> NameNode::call(std::string_view method, const Message& request) {
  const int32_t number = next_++;
  Message target;
  target.text(1, method).text(2, kProtocol).number(3, 1);
  TRY(send(header(number, 0), target.delimited() + request.delimited()));
  return receive(number, method);
}

base::Result<std::string> NameNode::receive(int32_t call, std::string_view method) {
  broken_ = true;  // until all of the answer is here
  const uint32_t size = from_big_endian(TRY(receive_exactly(*stream_, 4)));
  if (size > kMostMessage) return base::internal("HDFS sent a message that is too large");
  const std::string answer = TRY(receive_exactly(*stream_, size));
  std::string_view rest = answer;
  const auto head = take_delimited(rest);
  if (!head) return base::internal("HDFS sent an answer without a header");
  const Fields fields = TRY(Fields::parse(*head));
  constexpr uint64_t kSuccess = 0, kFatal = 2;
  if (fields.number(2) != kSuccess) {
    broken_ = fields.number(2) == kFatal;
    return hdfs_error(fields.text(4), fields.text(5), method);
  }
  if (static_cast<int32_t>(fields.number(1)) != call) {
    return base::internal("HDFS answered another call");
  }
  const auto body = take_delimited(rest);
  if (!body) return base::internal("HDFS sent an answer without a message");
  broken_ = false;
  return std::string(*body);
}

base::Result<LocatedBlock> parse_located_block(std::string_view bytes) {
  const Fields fields = TRY(Fields::parse(bytes));
  LocatedBlock out;
  out.block = fields.text(1);
  out.offset = fields.number(2);
  out.token = fields.text(5);
  const Fields block = TRY(Fields::parse(out.block));
  out.generation = block.number(3);
  out.size = block.number(4);
  const auto types = fields.numbers(7);
  const auto storages = fields.texts(8);
  for (std::string_view info : fields.texts(3)) {
    const Fields node = TRY(Fields::parse(info));
    const Fields id = TRY(Fields::parse(node.text(1)));
    const size_t at = out.replicas.size();
    LocatedBlock::Replica replica;
    replica.info = info;
    replica.address = fmt::format("{}:{}", id.text(1), id.number(4));
    if (at < storages.size()) replica.storage = storages[at];
    if (at < types.size()) replica.storage_type = types[at];
    out.replicas.push_back(std::move(replica));
  }
  return out;
}

base::Result<std::vector<LocatedBlock>> parse_located_blocks(std::string_view bytes) {
  const Fields fields = TRY(Fields::parse(bytes));
  std::vector<LocatedBlock> out;
  for (std::string_view each : fields.texts(2)) out.push_back(TRY(parse_located_block(each)));
  return out;
}

base::Result<std::string> with_length(std::string_view block, uint64_t size) {
  const Fields fields = TRY(Fields::parse(block));
  Message out;
  out.text(1, fields.text(1)).number(2, fields.number(2)).number(3, fields.number(3));
  return out.number(4, size).bytes();
}

}  // namespace howdah::distcp
