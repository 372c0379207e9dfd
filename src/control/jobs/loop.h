#pragma once

// The control loop of one kind of key: keys that changed, keys that asked to be looked at again,
// and processes that may have ended, all lead to reconcile(key) on one of a few workers; never two
// for one key. An error is retried with backoff. Ownership: borrows the reconciler and the
// provider. Threads: its own.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "job/key.h"
#include "nodes/provider.h"

namespace howdah::control {

/// What a loop drives: clusters, applications of EMR Serverless. Threads: concurrent calls for
/// different keys; the loop never runs one key twice at once.
class Reconciles {
 public:
  virtual ~Reconciles() = default;
  /// One key, one decision further. When to look again; nullopt: when something changes. An error
  /// means "try again with backoff", kNotFound that the key is gone.
  virtual base::Result<std::optional<base::Millis>> reconcile(const job::Key& key) = 0;
  /// Every key that is not in a terminal state.
  virtual base::Result<std::vector<job::Key>> unfinished() = 0;
  /// The keys that changed since the last call; waits up to `timeout` for the first one.
  virtual std::vector<job::Key> changed(base::Millis timeout, std::stop_token stop) = 0;
  /// Keys that may have a process whose end is to be noticed.
  virtual std::vector<job::Key> with_nodes() = 0;
  /// What the world has and nobody wants is removed. Called once at the start.
  virtual base::Status remove_unwanted() = 0;
  /// Uploads what has grown of running logs; called now and then.
  virtual void ship_running(const job::Key& key) = 0;
  /// Forgets what is kept no longer; called now and then.
  virtual base::Status expire() = 0;

  /// Called with keys that should be looked at soon, from any thread.
  std::function<void(const job::Key&)> wake = [](const job::Key&) {};
  /// What may take long and nobody waits for runs through it. On the spot by default.
  virtual void set_aside(std::function<void(std::function<void()>)> /*aside*/) {}
};

class Loop {
 public:
  /// `shipping`: how often running logs go up.
  Loop(Reconciles& reconciler, nodes::Provider& nodes, base::Clock& clock, base::Millis shipping)
      : reconciler_(reconciler), nodes_(nodes), clock_(clock), shipping_(shipping) {}
  ~Loop() { stop(); }

  /// Queues every unfinished key and starts `workers` threads, and those that listen and ask.
  /// Without `hear_nodes` somebody else calls look_at_nodes().
  base::Status start(int workers, bool hear_nodes = true);
  void stop();
  uint64_t turns() const { return turns_; }  // reconciliations so far
  /// A process may have ended somewhere: every key with a node may be meant.
  void look_at_nodes();
  /// Called whenever this loop heard that; for another loop, since a provider tells one listener.
  std::function<void()> nodes_changed = [] {};

 private:
  struct Entry {
    base::Millis due{0};
    bool running = false;
    bool again = false;  // it changed while it was running
    int failures = 0;
  };

  std::atomic<uint64_t> turns_{0};
  void push(const job::Key& key, base::Millis delay);
  void work(std::stop_token stop);
  void run(const job::Key& key, std::stop_token stop);
  void listen_to_store(std::stop_token stop);
  void listen_to_nodes(std::stop_token stop);
  void housekeep(std::stop_token stop);
  void ask(std::stop_token stop);

  Reconciles& reconciler_;
  nodes::Provider& nodes_;
  base::Clock& clock_;
  const base::Millis shipping_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<job::Key, Entry> entries_;
  uint64_t pushes_ = 0;  // of due times: what workers wait for
  std::mutex questions_mutex_;
  std::condition_variable_any asked_;
  std::deque<std::function<void()>> questions_;  // probes, by threads of their own
  std::vector<std::jthread> threads_;
};

}  // namespace howdah::control
