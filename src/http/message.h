#pragma once

// A request and its answer. Bodies stream: a request's body is read through a BodyReader, an
// answer's body is text, a part of a file (sent with sendfile) or a BodySource that is asked for
// the next bytes. Ownership: a Request lives as long as its handler's call; a Response owns its
// body. Threads: one request is served by one thread from beginning to end.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace howdah::http {

/// Header fields in the order they came; names compare without regard to case (RFC 9110, 5.1).
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  std::optional<std::string_view> find(std::string_view name) const;  // the first of that name
  std::string_view value_or(std::string_view name, std::string_view otherwise) const;
  bool contains(std::string_view name) const { return find(name).has_value(); }
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void remove(std::string_view name);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

/// The bytes of a request's body, once, in order.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// Up to `into.size()` (> 0) bytes; 0 at the end. kDeadlineExceeded when the peer stalls,
  /// kUnavailable when it went away, kInvalidArgument for broken framing.
  virtual base::Result<size_t> read(std::span<char> into) = 0;
  /// The length that the peer announced; nullopt for a chunked body.
  virtual std::optional<uint64_t> length() const = 0;
};

struct Request {
  std::string method;  // upper case, as sent
  std::string target;  // as sent: raw path, and raw query after '?'
  std::string path;    // the raw path, still percent-encoded; begins with '/'
  std::string query;   // the raw query, without '?'
  Headers headers;
  BodyReader* body = nullptr;  // never null inside a handler
  std::string peer;            // "127.0.0.1:50000": also tells one connection from another
  uint64_t connection_id = 0;  // distinct for every accepted connection of this process
  bool tls = false;
};

/// The whole body as text. kInvalidArgument above `limit` bytes.
base::Result<std::string> read_all(BodyReader& body, size_t limit);

/// An answer's body that is made while it is sent.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Up to `into.size()` bytes; 0 at the end. May block: only its own connection waits. An error
  /// ends the connection without a proper end of the body, so that the client notices.
  virtual base::Result<size_t> read(std::span<char> into) = 0;
  /// Known: sent with Content-Length; nullopt: sent chunked.
  virtual std::optional<uint64_t> length() const = 0;
};

/// `length` bytes of a file from `offset`.
struct FileBody {
  base::Fd file;
  uint64_t offset = 0;
  uint64_t length = 0;
};

struct Response {
  int status = 200;
  Headers
      headers;  // Content-Length, Transfer-Encoding, Connection and Date are the server's to add
  std::variant<std::string, FileBody, std::unique_ptr<BodySource>> body;
};

/// Answers one request. Called concurrently; never throws. What it leaves unread of the body is
/// drained (up to 1 MiB) or the connection is closed after the answer.
using Handler = std::function<Response(Request&)>;

}  // namespace howdah::http
