#pragma once

// Calls of a server, signed as any AWS client signs them: EMR's operations, what EMR Serverless
// shows, and our own API below /_howdah/. Ownership: an Api owns its connection. Threads: one Api,
// one thread. Failure: kUnavailable when nobody answers; an answered error keeps its AWS name in
// `reason`.

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cli/session.h"
#include "http/client.h"

namespace howdah::cli {

class Api {
 public:
  Api(std::string endpoint, std::string region, Keys keys);

  /// One EMR operation ("DescribeCluster"). With `held`, the request says that a waiter sends it,
  /// so that the server answers when the state changes (issue "Waiters return at once").
  base::Result<base::JsonObject> emr(std::string_view operation, const base::JsonObject& input,
                                     bool held = false);
  /// Every page of a list: the elements of `member`.
  base::Result<base::JsonArray> emr_all(std::string_view operation, base::JsonObject input,
                                        std::string_view member);
  /// A GET of EMR Serverless: "/applications/00…".
  base::Result<base::JsonObject> serverless(const std::string& path);
  /// Every page of a list, as above; `path` may have a query.
  base::Result<base::JsonArray> serverless_all(const std::string& path, std::string_view member);
  /// `path` begins with /_howdah/; body null for none.
  base::Result<base::JsonObject> howdah(std::string_view method, const std::string& path,
                                        const base::Json& body = nullptr);
  /// The bytes of a body as they come; `on_bytes` returns false to stop.
  base::Result<http::Headers> stream(const std::string& path, std::chrono::milliseconds timeout,
                                     std::function<bool(std::string_view)> on_bytes);

 private:
  base::Result<http::ClientResponse> send(http::ClientRequest request, std::string_view service);

  std::string endpoint_;
  std::string region_;
  Keys keys_;
  http::Client client_;
  base::SystemClock clock_;
};

/// AWS's JSON sends times as seconds with a fraction; the epoch when there is none.
base::Time time_at(const base::JsonObject& object, std::string_view key);

/// The Error that an answer of status >= 300 means: `__type` and `message` of AWS JSON 1.1.
base::Error error_of(int status, std::string_view body);

/// The running server of the data directory, or of --endpoint.
base::Result<Api> connect(const Globals& globals);

}  // namespace howdah::cli
