#pragma once

// The control loop: keys that changed, keys that asked to be looked at again, and processes that
// may have ended, all lead to reconcile(key) on one of a few workers; never two for one key. An
// error is retried with backoff. Ownership: borrows the reconciler, the store and the provider.
// Threads: its own.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "control/clusters/reconciler.h"

namespace howdah::control {

class Loop {
 public:
  Loop(Reconciler& reconciler, store::ControlStore& store, nodes::Provider& nodes,
       base::Clock& clock)
      : reconciler_(reconciler), store_(store), nodes_(nodes), clock_(clock) {}
  ~Loop() { stop(); }

  /// Queues every unfinished cluster and starts `workers` threads, and those that listen and ask.
  base::Status start(int workers);
  void stop();

 private:
  struct Entry {
    base::Millis due{0};
    bool running = false;
    bool again = false;  // it changed while it was running
    int failures = 0;
  };

  void push(const cluster::Key& key, base::Millis delay);
  void work(std::stop_token stop);
  void run(const cluster::Key& key, std::stop_token stop);
  void listen_to_store(std::stop_token stop);
  void listen_to_nodes(std::stop_token stop);
  void housekeep(std::stop_token stop);
  void ask(std::stop_token stop);

  Reconciler& reconciler_;
  store::ControlStore& store_;
  nodes::Provider& nodes_;
  base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<cluster::Key, Entry> entries_;
  uint64_t pushes_ = 0;  // of due times: what workers wait for
  std::mutex questions_mutex_;
  std::condition_variable_any asked_;
  std::deque<std::function<void()>> questions_;  // probes, by threads of their own
  std::vector<std::jthread> threads_;
};

}  // namespace howdah::control
