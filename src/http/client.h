#pragma once

// A small blocking HTTP/1.1 client over libcurl: for the command line, for s3-dist-cp and for
// tests. Client sends a request and has the answer; Download gives the answer's body piece by
// piece, to whoever asks, so that one thread can feed an upload from a download. Ownership: values
// own their connections and keep them alive between calls. Threads: one Client or Download belongs
// to one thread. Failure: kUnavailable when nobody answers or the connection breaks,
// kDeadlineExceeded when it takes too long; any status is a success.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace howdah::http {

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http://host:port/path?query, sent as given: no squashing, no re-encoding
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{30000};  // of the whole exchange; 0: none
  std::chrono::seconds stall{0};             // > 0: fails when nothing has moved for so long
  /// When set, the body is what this gives, chunked when its length is unknown. Its own error ends
  /// the exchange and is returned. A source shorter than it said is kUnavailable.
  BodySource* source = nullptr;
  /// When set, receives the body piece by piece instead of ClientResponse::body; false stops. The
  /// body of an error (status 300 and above) goes to ClientResponse::body all the same.
  std::function<bool(std::string_view)> on_body;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

class Client {
 public:
  Client();
  ~Client();
  Client(Client&&) noexcept;
  /// kUnavailable when nobody answers, kDeadlineExceeded after the timeout. Any status is a
  /// success.
  base::Result<ClientResponse> send(const ClientRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A GET whose body is read as it comes. At most about 1 MiB waits in memory.
class Download final : public BodySource {
 public:
  Download();
  ~Download() override;
  Download(Download&&) noexcept;
  /// Status and fields; the body of an error (status 300 and above) is in it, that of a success
  /// comes from read(). What was not read of the answer before is given up. `timeout` bounds the
  /// time to connect, `stall` every wait after that.
  base::Result<ClientResponse> open(const ClientRequest& request);
  /// 0 at the end; kUnavailable when the connection ends before the announced length.
  base::Result<size_t> read(std::span<char> into) override;
  std::optional<uint64_t> length() const override;  // of the whole answer, when announced

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace howdah::http
