#pragma once

// A small blocking HTTP/1.1 client over libcurl: for the command line and for tests. Threads: one
// Client belongs to one thread; it keeps its connection alive between calls.

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
  std::chrono::milliseconds timeout{30000};
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

}  // namespace howdah::http
