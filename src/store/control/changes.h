#pragma once

// Who waits for a change of a cluster or an application: the control loop for any, a held answer
// for one. Threads: all methods may be called concurrently. Nothing here is durable: after a start
// everything unfinished counts as changed.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "job/key.h"

namespace howdah::store {

class Changes {
 public:
  void notify(const job::Key& key);

  /// Counts up with every change of `key` since the start.
  uint64_t generation(const job::Key& key) const;
  /// Waits until the generation of `key` is beyond `seen`, or `timeout` (real time) passed; true
  /// when it is.
  bool wait_beyond(const job::Key& key, uint64_t seen, base::Millis timeout);

  /// The server is going: whoever waits, now or later, returns at once.
  void close();
  bool closed() const;

  /// For one consumer (the control loop): the keys that changed since the last call; waits up to
  /// `timeout` for the first one.
  std::vector<job::Key> take(base::Millis timeout, std::stop_token stop);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<job::Key, uint64_t> generations_;
  std::set<job::Key> fresh_;
  bool closed_ = false;
};

}  // namespace howdah::store
