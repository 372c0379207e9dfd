#pragma once

// Instance metadata over HTTP, versions 1 and 2. Ownership: borrows the stores, clock and ids.
// Threads: answer() is called concurrently. Failure: EC2's own statuses and pages: 400, 401, 403,
// 404, 405; 500 when a store fails.

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "cluster/cluster.h"
#include "http/message.h"
#include "store/control/control_store.h"
#include "store/iam/iam.h"
#include "store/iam/ssh_keys.h"

namespace howdah::gateways {

class Metadata {
 public:
  struct Options {
    store::ControlStore& store;
    store::iam::Iam& iam;
    base::Clock& clock;
    base::Ids& ids;
    std::string secret;  // of this installation
    const store::iam::SshKeys& ssh_keys;
  };
  explicit Metadata(Options options) : o_(std::move(options)) {}

  /// What instance `number` of the cluster is told. The caller knows who asks by the socket that
  /// the request came in on.
  http::Response answer(const http::Request& request, const cluster::Key& key, int number);

 private:
  http::Response token(const http::Request& request, const std::string& instance_id);
  http::Response value(std::string_view path, const store::ClusterRow& row,
                       const cluster::Node& node);
  base::Result<std::string> credentials(const store::ClusterRow& row, const cluster::Node& node,
                                        const std::string& role);

  struct Minted {
    store::iam::TemporaryCredentials keys;
    base::Time at;
  };
  Options o_;
  std::mutex mutex_;
  std::map<std::string, Minted> minted_;  // by role and instance
};

}  // namespace howdah::gateways
