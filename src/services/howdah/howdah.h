#pragma once

// Our own small API, below /_howdah/: what the command line and the nodes need and AWS has no
// operation for. JSON in and out; errors are {"error":{"code","message"}}.
//
//   GET  /_howdah/health                       no signature: {"status":"ok","version":…}
//   GET  /_howdah/credentials/<region>/<cluster or application>/<subject>
//                                              a job's role credentials, for its token alone (the
//                                              container credentials protocol of the AWS SDKs);
//                                              subject: node or a step
//   GET  /_howdah/status                       clusters that have not ended, with their steps
//   GET  /_howdah/clusters/<cluster>/events?after=N
//   GET  /_howdah/logs/<cluster>/<step>/<file>?offset=N&follow=1
//   GET  /_howdah/logs/<application>/<job run>/<file>?attempt=N&offset=N&follow=1
//                                              raw bytes of a log, and what is appended while its
//                                              writer runs; of a run its last attempt's driver
//   POST /_howdah/ui/<cluster> {"App":"yarn"}  a link for an hour to the cluster's web interfaces,
//   and
//                                              which there are; App may be left out
//   PUT  /_howdah/ssh-keys/<name> {"PublicKey":"ssh-ed25519 …"}
//                                              the public key of an EC2 key pair (or of howdah ssh)
//   GET  /_howdah/cost/<id>?tag=key=value      what clusters, applications and job runs would cost
//                                              on AWS; id and tag may be left out
//   POST /_howdah/shutdown {"Drain":true}      ends the server; with Drain its nodes too
//
// All but the first two are signed (service "howdah") and allowed by policy (howdah:*).
// Ownership: borrows the stores and the provider. Threads: concurrent calls allowed.

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "http/message.h"
#include "nodes/provider.h"
#include "services/howdah/run_log.h"
#include "store/control/control_store.h"
#include "store/control/serverless_store.h"
#include "store/iam/iam.h"
#include "store/iam/ssh_keys.h"

namespace howdah::services {

/// What proves that a process is the one that a role's credentials are for: an HMAC of the path.
/// Who knows the installation's secret (the server) can make it; it says nothing about other paths.
std::string credentials_token(std::string_view secret, std::string_view path);
std::string credentials_path(const cluster::Key& key, const std::string& subject);

class Howdah {
 public:
  struct Options {
    store::ControlStore& store;
    store::ServerlessStore& serverless;
    store::iam::Iam& iam;
    nodes::Provider& nodes;
    base::Clock& clock;
    std::string secret;  // 32 random bytes of this installation
    std::string version;
    std::string account;
    std::function<void(bool drain)> shut_down;  // returns at once
    store::iam::SshKeys* ssh_keys = nullptr;
    /// gateways::Ui::describe().
    std::function<base::Result<base::JsonObject>(const cluster::Key&, std::string_view app)> ui =
        {};
    /// CostReport::report().
    std::function<base::Result<base::JsonObject>(const std::string& region, const std::string& id,
                                                 const std::string& tag)>
        cost = {};
    /// Where the driver's files of an attempt lie.
    std::function<RunLog::Places(const serverless::Key&, const std::string& run, int attempt)>
        run_logs = {};
  };
  explicit Howdah(Options options) : o_(std::move(options)) {}

  static bool owns(const http::Request& request) { return request.path.starts_with("/_howdah/"); }
  /// True for what answers without a signature.
  static bool is_open(const http::Request& request);

  /// `region` of the caller's signature; ignored by what is open.
  http::Response answer(http::Request& request, const std::string& region);

 private:
  http::Response credentials(http::Request& request);
  struct JobRole {
    std::string role;                                    // its name
    std::string session;                                 // what the session of it is called
    std::optional<std::vector<std::string>> policies{};  // that cut it down
  };
  base::Result<JobRole> role_of_node(const cluster::Key& key, const std::string& subject);
  base::Result<JobRole> role_of_run(const serverless::Key& key, const std::string& run);
  http::Response status(const std::string& region);
  http::Response events(const std::string& cluster, const http::Request& request,
                        const std::string& region);
  http::Response logs(const std::vector<std::string_view>& parts, const http::Request& request,
                      const std::string& region);
  http::Response step_log(const cluster::Key& key, const std::string& step, const std::string& file,
                          const http::Request& request);
  http::Response run_log(const serverless::Key& key, const std::string& run,
                         const std::string& file, const http::Request& request);
  http::Response ui(const std::string& cluster, http::Request& request, const std::string& region);
  http::Response cost(std::string_view id, const http::Request& request, const std::string& region);
  http::Response ssh_key(std::string_view name, http::Request& request);
  http::Response shutdown(http::Request& request);

  Options o_;
};

}  // namespace howdah::services
