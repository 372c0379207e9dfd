#include "store/control/changes.h"

namespace howdah::store {

void Changes::notify(const job::Key& key) {
  std::lock_guard lock(mutex_);
  ++generations_[key];
  fresh_.insert(key);
  changed_.notify_all();
}

uint64_t Changes::generation(const job::Key& key) const {
  std::lock_guard lock(mutex_);
  const auto it = generations_.find(key);
  return it == generations_.end() ? 0 : it->second;
}

bool Changes::wait_beyond(const job::Key& key, uint64_t seen, base::Millis timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] {
    if (closed_) return true;
    const auto it = generations_.find(key);
    return it != generations_.end() && it->second > seen;
  });
  const auto it = generations_.find(key);
  return it != generations_.end() && it->second > seen;
}

bool Changes::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

void Changes::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::vector<job::Key> Changes::take(base::Millis timeout, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, timeout, [&] { return !fresh_.empty(); });
  std::vector<job::Key> out(fresh_.begin(), fresh_.end());
  fresh_.clear();
  return out;
}

}  // namespace howdah::store
