#pragma once

// Spark's history servers for attempts that are over: each in a node of its own ("history/…"), over
// that attempt's event logs in the managed store and no other's. Started when somebody looks,
// ended when nobody has looked in a while. Ownership: owns its nodes. Threads: its own one ends
// them; all methods may be called concurrently. Not durable: start() ends what an earlier server
// left. Time: everything returns within a second.

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "control/serverless/world.h"

namespace howdah::control {

class HistoryServers {
 public:
  struct Options {
    std::filesystem::path logs;                       // of the managed store
    size_t most = 2;                                  // at once: each takes up to 700 MB
    base::Millis idle = std::chrono::minutes(10);     // since somebody looked
    base::Millis patience = std::chrono::minutes(3);  // for it to show the log
  };
  HistoryServers(SparkEngines& engines, nodes::Provider& nodes, base::Clock& clock, Options options)
      : engines_(engines), nodes_(nodes), clock_(clock), options_(std::move(options)) {}
  ~HistoryServers() { stop(); }

  base::Status start();
  void stop();

  struct Place {
    std::string node;
    uint16_t port = 0;  // it may not answer yet
    bool late = false;  // it should have long since
  };
  /// The history server of an attempt that is over; starts it when there is none, in the place of
  /// the one that was not looked at for the longest. kNotFound: no event log is kept.
  /// kUnavailable: it ended by itself, with its exit code; the next call tries again.
  base::Result<Place> ensure(const serverless::Key& application, const std::string& run,
                             int attempt, const std::string& release_label);
  /// Ends those that are idle; start()'s thread calls it.
  void tend();

 private:
  struct Running {
    uint16_t port = 0;
    base::Millis since{0}, looked_at{0};
  };
  base::Status make(const std::string& node, const std::string& release_label,
                    const std::filesystem::path& logs, uint16_t port);
  void make_room();
  void end(const std::string& node);

  SparkEngines& engines_;
  nodes::Provider& nodes_;
  base::Clock& clock_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Running> running_;  // by node
  std::jthread thread_;
};

}  // namespace howdah::control
