#pragma once

// The pool of warm drivers: nodes in which a JVM has loaded Spark and waits for its one job. Those
// of pre-initialised capacity are kept for their application; beside them a few of the kinds that
// runs asked for lately, bounded by the host's free memory. A driver that is taken is replaced;
// what nobody asked for in a while goes. Ownership: owns its nodes ("warm/…") until they are handed
// over. Threads: its own one makes and removes nodes; all methods may be called concurrently. Not
// durable: after a restart the pool fills again.

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/ids.h"
#include "control/jobs/host.h"
#include "control/serverless/world.h"
#include "job/warm_driver.h"

namespace howdah::control {

class WarmPool final : public WarmDrivers {
 public:
  struct Options {
    bool on = true;
    int most = 4;                                    // drivers that nobody asked to keep
    base::Millis remembered = job::kWarmDriverKept;  // a kind, since a run last asked for it
    uint64_t each = job::kWarmDriverTakes;
    uint64_t reserve = job::kWarmDriverLeaves;
    double idle_cpus = 1;  // on a host with fewer nobody's driver is begun …
    base::Millis patience = std::chrono::minutes(1);  // … for this long: then one is
  };
  WarmPool(SparkEngines& engines, nodes::Provider& nodes, Host& host, base::Clock& clock,
           base::Ids& ids, Options options)
      : engines_(engines),
        nodes_(nodes),
        host_(host),
        clock_(clock),
        ids_(ids),
        options_(options) {}
  ~WarmPool() override { stop(); }

  void start();
  void stop();

  std::optional<std::string> take(const WarmKey& key, const std::string& run) override;
  void release(const std::string& run) override;
  void hand_over(const std::string& node) override;
  void keep(const serverless::Key& application, const WarmKey& key, int count) override;
  int ready(const serverless::Key& application) override;
  /// Two applications that keep the same kind see the same drivers.
  serverless::Standby standby(const serverless::Key& application);

  /// One round of making, watching and removing; start()'s thread calls it. How long nothing needs
  /// to be looked at again.
  base::Millis tend();
  /// Called when a driver became ready that an application waits for.
  std::function<void(const serverless::Key&)> wake = [](const serverless::Key&) {};

 private:
  struct Driver {
    WarmKey key;
    bool ready = false;
    std::string taken_by;   // run
    base::Millis since{0};  // it was made
  };
  struct Kept {
    WarmKey key;
    int count = 0;
  };

  struct Round {
    std::vector<std::string> look, end;
    std::vector<std::pair<std::string, WarmKey>> make;
    bool held = false;  // one would be made if jobs left it a core
  };
  enum class Watched { kWarming, kReady, kGone };

  Round decide();
  Watched watch(const std::string& node);
  bool make(const std::string& node, const WarmKey& key);
  bool is_ready(const std::string& node);
  bool is_gone(const std::string& node);
  void end(const std::string& node);
  // With the lock held:
  std::map<WarmKey, int> kept();
  std::map<WarmKey, int> wanted(std::map<WarmKey, int> kept);
  bool hold(bool busy, base::Millis now);
  int count_ready(const Kept& kept, bool free);

  SparkEngines& engines_;
  nodes::Provider& nodes_;
  Host& host_;
  base::Clock& clock_;
  base::Ids& ids_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool stir_ = false;
  std::map<std::string, Driver> drivers_;  // by node
  std::map<WarmKey, base::Millis> asked_;  // when a run last did
  std::map<serverless::Key, Kept> kept_;
  std::map<WarmKey, base::Millis> failed_;  // not tried again for a while
  std::optional<base::Millis> held_;        // since when jobs have left no core for one
  std::jthread thread_;
};

}  // namespace howdah::control
