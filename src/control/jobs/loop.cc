#include "control/jobs/loop.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::control {
namespace {

constexpr base::Millis kHousekeeping{60000};
constexpr base::Millis kMaxBackoff{30000};
constexpr int kQuestionsAtOnce = 3;

base::Millis backoff(int failures) {
  return std::min(kMaxBackoff, base::Millis(100) * (1 << std::min(failures, 9)));
}

}  // namespace

base::Status Loop::start(int workers, bool hear_nodes) {
  reconciler_.wake = [this](const job::Key& key) { push(key, base::Millis(0)); };
  reconciler_.set_aside([this](std::function<void()> question) {
    std::lock_guard lock(questions_mutex_);
    questions_.push_back(std::move(question));
    asked_.notify_one();
  });
  TRY(reconciler_.remove_unwanted());
  for (const job::Key& key : TRY(reconciler_.unfinished())) push(key, base::Millis(0));
  for (int i = 0; i < workers; ++i) {
    threads_.emplace_back([this](std::stop_token stop) { work(stop); });
  }
  threads_.emplace_back([this](std::stop_token stop) { listen_to_store(stop); });
  if (hear_nodes) threads_.emplace_back([this](std::stop_token stop) { listen_to_nodes(stop); });
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

void Loop::push(const job::Key& key, base::Millis delay) {
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
    const job::Key key = next->first;
    lock.unlock();
    run(key, stop);
    lock.lock();
  }
}

void Loop::run(const job::Key& key, std::stop_token) {
  ++turns_;
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
    for (const job::Key& key : reconciler_.changed(base::Millis(1000), stop))
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

void Loop::look_at_nodes() {
  for (const job::Key& key : reconciler_.with_nodes()) push(key, base::Millis(0));
}

void Loop::listen_to_nodes(std::stop_token stop) {
  while (!stop.stop_requested()) {
    nodes_.wait_for_change(base::Millis(1000), stop);
    if (stop.stop_requested()) return;
    look_at_nodes();
    nodes_changed();
  }
}

void Loop::housekeep(std::stop_token stop) {
  base::Millis expired = clock_.steady();
  while (clock_.wait(shipping_, stop)) {
    if (const auto keys = reconciler_.unfinished(); keys.ok()) {
      for (const job::Key& key : *keys) reconciler_.ship_running(key);
    }
    if (clock_.steady() - expired < kHousekeeping) continue;
    expired = clock_.steady();
    if (const base::Status done = reconciler_.expire(); !done.ok())
      base::log_warn("control", "old rows stay: {}", done.error().message);
  }
}

}  // namespace howdah::control
