#include "control/clusters/loop.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::control {
namespace {

constexpr base::Millis kHousekeeping{60000};
constexpr base::Millis kMaxBackoff{30000};
constexpr int kNodesAtOnce = 4;
constexpr int kQuestionsAtOnce = 3;

base::Millis backoff(int failures) {
  return std::min(kMaxBackoff, base::Millis(100) * (1 << std::min(failures, 9)));
}

}  // namespace

base::Status Loop::start(int workers) {
  reconciler_.wake = [this](const cluster::Key& key) { push(key, base::Millis(0)); };
  reconciler_.set_aside([this](std::function<void()> question) {
    std::lock_guard lock(questions_mutex_);
    questions_.push_back(std::move(question));
    asked_.notify_one();
  });
  reconciler_.set_parallel(kNodesAtOnce);
  TRY(reconciler_.remove_unwanted());
  for (const cluster::Key& key : TRY(store_.unfinished())) push(key, base::Millis(0));
  for (int i = 0; i < workers; ++i) {
    threads_.emplace_back([this](std::stop_token stop) { work(stop); });
  }
  threads_.emplace_back([this](std::stop_token stop) { listen_to_store(stop); });
  threads_.emplace_back([this](std::stop_token stop) { listen_to_nodes(stop); });
  threads_.emplace_back([this](std::stop_token stop) { housekeep(stop); });
  for (int i = 0; i < kQuestionsAtOnce; ++i) {
    threads_.emplace_back([this](std::stop_token stop) { ask(stop); });
  }
  return base::ok();
}

void Loop::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  changed_.notify_all();
  asked_.notify_all();
  threads_.clear();  // joins
  // Whoever reconciles after this, to drain, asks on the spot.
  reconciler_.set_aside([](const std::function<void()>& question) { question(); });
}

void Loop::push(const cluster::Key& key, base::Millis delay) {
  std::lock_guard lock(mutex_);
  const base::Millis due = clock_.steady() + delay;
  const auto [it, fresh] = entries_.try_emplace(key, Entry{due, false, false, 0});
  if (!fresh) {
    if (it->second.running) {
      it->second.again = true;
    } else {
      it->second.due = std::min(it->second.due, due);
    }
  }
  ++pushes_;
  changed_.notify_all();
}

void Loop::work(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const base::Millis now = clock_.steady();
    auto next = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (!it->second.running && (next == entries_.end() || it->second.due < next->second.due))
        next = it;
    }
    if (next == entries_.end() || next->second.due > now) {
      const base::Millis pause =
          next == entries_.end() ? kHousekeeping : std::min(kHousekeeping, next->second.due - now);
      changed_.wait_for(lock, stop, pause, [this, before = pushes_] { return pushes_ != before; });
      continue;
    }
    next->second.running = true;
    next->second.again = false;
    const cluster::Key key = next->first;
    lock.unlock();
    run(key, stop);
    lock.lock();
  }
}

void Loop::run(const cluster::Key& key, std::stop_token) {
  const auto result = reconciler_.reconcile(key);
  std::lock_guard lock(mutex_);
  Entry& entry = entries_[key];
  entry.running = false;
  const base::Millis now = clock_.steady();
  if (!result.ok()) {
    if (result.error().code == base::Code::kNotFound) {
      entries_.erase(key);
      return;
    }
    // A lost race is decided again at once; anything else waits longer each time.
    const bool race = result.error().code == base::Code::kAborted;
    if (!race) base::log_warn("control", "{}: {}; trying again", key.id, result.error().message);
    entry.failures = race ? 0 : entry.failures + 1;
    entry.due = now + (race ? base::Millis(0) : backoff(entry.failures));
  } else {
    entry.failures = 0;
    if (entry.again) {
      entry.due = now;
    } else if (*result) {
      entry.due = now + **result;
    } else {
      entries_.erase(key);
    }
  }
  ++pushes_;
  changed_.notify_all();
}

void Loop::listen_to_store(std::stop_token stop) {
  while (!stop.stop_requested()) {
    for (const cluster::Key& key : store_.changes().take(base::Millis(1000), stop))
      push(key, base::Millis(0));
  }
}

void Loop::ask(std::stop_token stop) {
  std::unique_lock lock(questions_mutex_);
  while (asked_.wait(lock, stop, [this] { return !questions_.empty(); })) {
    if (stop.stop_requested()) return;
    const std::function<void()> question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    question();
    lock.lock();
  }
}

// A process may have ended somewhere: every cluster with a node may be meant.
void Loop::listen_to_nodes(std::stop_token stop) {
  while (!stop.stop_requested()) {
    nodes_.wait_for_change(base::Millis(1000), stop);
    if (stop.stop_requested()) return;
    for (const cluster::Key& key : reconciler_.with_nodes()) push(key, base::Millis(0));
  }
}

void Loop::housekeep(std::stop_token stop) {
  while (clock_.wait(kHousekeeping, stop)) {
    if (const auto keys = store_.unfinished(); keys.ok()) {
      for (const cluster::Key& key : *keys) reconciler_.ship_running(key);
    }
    const auto expired = store_.expire(clock_.now());
    if (!expired.ok()) {
      base::log_warn("control", "old rows stay: {}", expired.error().message);
      continue;
    }
    for (const auto& [key, instances] : *expired) {  // logs that were kept of its nodes go with it
      for (int number = 0; number < std::max(1, instances); ++number) {
        const auto forgotten = nodes_.forget(cluster::node_id({key, {}, {}, {}}, number));
        if (!forgotten.ok()) base::log_warn("control", "{}: {}", key.id, forgotten.error().message);
      }
    }
  }
}

}  // namespace howdah::control
