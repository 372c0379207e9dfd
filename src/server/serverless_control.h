#pragma once

// Everything that makes job runs of EMR Serverless happen, wired together: engines, warm drivers,
// logs, the reconciler and its loop. Ownership: owns them; borrows what it is given. Threads:
// start() and stop() from one thread.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "control/jobs/host.h"
#include "control/serverless/history_servers.h"
#include "control/serverless/run_logs.h"
#include "control/serverless/spark_engines.h"
#include "control/serverless/warm_pool.h"
#include "objects/object_store.h"
#include "store/control/serverless_store.h"

namespace howdah::server {

class ServerlessControl {
 public:
  struct Options {
    store::ServerlessStore& store;
    objects::ObjectStore& objects;
    nodes::Provider& nodes;
    const apps::Releases& releases;
    control::Host& host;
    base::Clock& clock;
    base::Ids& ids;
    std::filesystem::path data, engines, share;
    std::string installation;  // the 6-character id
    std::string endpoint;      // as a node that shares the host's network reaches it
    bool warm = true;          // drivers are kept ready before runs come
    std::function<std::vector<std::pair<std::string, std::string>>(const serverless::Key&,
                                                                   const std::string& run)>
        credentials;
    std::function<base::Status(const control::LogLines&)> stream = {};
  };
  static base::Result<std::unique_ptr<ServerlessControl>> start(Options options);
  ~ServerlessControl();

  /// As HistoryServers::ensure().
  base::Result<control::HistoryServers::Place> history(const serverless::Key& application,
                                                       const std::string& run, int attempt,
                                                       const std::string& release_label);
  /// As WarmPool::standby().
  serverless::Standby standby(const serverless::Key& application);
  /// Processes may have ended in some nodes.
  void look_at_nodes();
  /// The loop and the pool end; nodes and their jobs go on.
  void stop();
  /// Ends all nodes of runs, after stop().
  base::Status drain();

  /// Where the managed store keeps what runs wrote.
  static std::filesystem::path managed_logs(const std::filesystem::path& data);

 private:
  struct Parts;
  explicit ServerlessControl(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace howdah::server
