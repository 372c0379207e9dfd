#include "control/serverless/warm_pool.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::control {
namespace {

constexpr base::Millis kLook{50};
constexpr base::Millis kHeld{500};
constexpr base::Millis kQuiet{5000};
constexpr base::Millis kTooLong{120'000};  // a driver that is not ready by then never will be
constexpr base::Millis kAfterFailure{60'000};

}  // namespace

void WarmPool::start() {
  if (!options_.on) return;
  thread_ = std::jthread([this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const base::Millis until = tend();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, until, [this] { return stir_; });
      stir_ = false;
    }
  });
}

void WarmPool::stop() {
  thread_.request_stop();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<std::string> WarmPool::take(const WarmKey& key, const std::string& run) {
  if (!options_.on) return std::nullopt;
  std::lock_guard lock(mutex_);
  asked_[key] = clock_.steady();
  for (const auto& [node, driver] : drivers_) {
    if (driver.taken_by == run) return node;
  }
  stir_ = true;
  changed_.notify_all();
  for (auto& [node, driver] : drivers_) {
    if (!driver.ready || !driver.taken_by.empty() || driver.key != key) continue;
    driver.taken_by = run;
    return node;
  }
  return std::nullopt;
}

void WarmPool::release(const std::string& run) {
  std::lock_guard lock(mutex_);
  for (auto& [node, driver] : drivers_) {
    if (driver.taken_by == run) driver.taken_by.clear();
  }
}

void WarmPool::hand_over(const std::string& node) {
  std::lock_guard lock(mutex_);
  if (drivers_.erase(node) == 0) return;
  stir_ = true;
  changed_.notify_all();
}

void WarmPool::keep(const serverless::Key& application, const WarmKey& key, int count) {
  std::lock_guard lock(mutex_);
  const auto old = kept_.find(application);
  if (old != kept_.end() && old->second.key == key && old->second.count == count) return;
  if (count == 0) {
    kept_.erase(application);
  } else {
    kept_[application] = {key, count};
  }
  stir_ = true;
  changed_.notify_all();
}

int WarmPool::ready(const serverless::Key& application) {
  std::lock_guard lock(mutex_);
  const auto kept = kept_.find(application);
  return kept == kept_.end() ? 0 : count_ready(kept->second, false);
}

serverless::Standby WarmPool::standby(const serverless::Key& application) {
  std::lock_guard lock(mutex_);
  const auto kept = kept_.find(application);
  if (kept == kept_.end() || !options_.on) return {};
  return {.ready = count_ready(kept->second, true), .wanted = kept->second.count};
}

// `free`: only those that no run has taken.
int WarmPool::count_ready(const Kept& kept, bool free) {
  const auto ready = std::count_if(drivers_.begin(), drivers_.end(), [&](const auto& entry) {
    const Driver& driver = entry.second;
    return driver.ready && driver.key == kept.key && (!free || driver.taken_by.empty());
  });
  return std::min(static_cast<int>(ready), kept.count);
}

std::map<WarmKey, int> WarmPool::kept() {
  std::map<WarmKey, int> out;
  for (const auto& [application, kept] : kept_) out[kept.key] += kept.count;
  return out;
}

// A driver takes more of a core's time to make than it saves its run: where jobs keep all cores
// busy they are done sooner without. Those that go on for long get one at times nevertheless.
bool WarmPool::hold(bool busy, base::Millis now) {
  if (busy && !held_) held_ = now;
  const bool hold = busy && now - *held_ < options_.patience;
  if (!hold) held_.reset();
  return hold;
}

// How many of each kind: what applications keep, and one beside of what was asked for lately.
std::map<WarmKey, int> WarmPool::wanted(std::map<WarmKey, int> out) {
  const base::Millis now = clock_.steady();
  std::vector<std::pair<base::Millis, WarmKey>> latest;
  for (const auto& [key, when] : asked_) {
    if (now - when < options_.remembered) latest.emplace_back(when, key);
  }
  std::sort(latest.begin(), latest.end(), std::greater<>());
  int more = 0;
  for (const auto& [when, key] : latest) {
    // Two of what is asked for again and again: the next run often comes before the first is over.
    const int count = std::min(2, options_.most - more);
    more += count;
    if (count > 0) out[key] = std::max(out[key], count);
  }
  return out;
}

WarmPool::Round WarmPool::decide() {
  Round out;
  std::lock_guard lock(mutex_);
  std::map<WarmKey, int> kept = this->kept();
  const std::map<WarmKey, int> wanted = this->wanted(kept);
  std::map<WarmKey, int> there;
  bool warming = false;
  // Asked in each round: what it tells is since the last time.
  const bool busy = host_.idle_cpus() < options_.idle_cpus;
  for (auto& [node, driver] : drivers_) {
    if (!driver.taken_by.empty()) continue;
    const auto want = wanted.find(driver.key);
    const bool enough = ++there[driver.key] > (want == wanted.end() ? 0 : want->second);
    (enough ? out.end : out.look).push_back(node);
    warming = warming || !driver.ready;
  }
  const base::Millis now = clock_.steady();
  for (const auto& [key, count] : wanted) {
    const auto failed = failed_.find(key);
    if (failed != failed_.end() && now - failed->second < kAfterFailure) continue;
    // One JVM at a time gets ready: jobs that run need the cores more.
    if (there[key] >= count || warming || !out.make.empty()) continue;
    if (host_.available_memory() < options_.reserve + options_.each) continue;
    if (there[key] >= kept[key] && hold(busy, now)) {
      out.held = true;
      continue;
    }
    const std::string node = "warm/" + ids_.token(base::kLowerAlnum, 12);
    drivers_[node] = {key, false, "", now};
    out.make.emplace_back(node, key);
  }
  if (!out.held) held_.reset();  // nothing waits for a core
  return out;
}

base::Millis WarmPool::tend() {
  Round round = decide();
  bool soon = !round.make.empty();
  for (const auto& [node, key] : round.make) {
    if (make(node, key)) continue;
    std::lock_guard lock(mutex_);
    drivers_.erase(node);
    failed_[key] = clock_.steady();
  }
  for (const std::string& node : round.look) {
    switch (watch(node)) {
      case Watched::kGone:
        round.end.push_back(node);
        break;
      case Watched::kWarming:
        soon = true;
        break;
      case Watched::kReady:
        break;
    }
  }
  for (const std::string& node : round.end) {
    {
      std::lock_guard lock(mutex_);
      const auto it = drivers_.find(node);
      if (it == drivers_.end() || !it->second.taken_by.empty()) continue;
      drivers_.erase(it);
    }
    end(node);
  }
  return soon ? kLook : round.held ? kHeld : kQuiet;
}

WarmPool::Watched WarmPool::watch(const std::string& node) {
  Driver before;
  {
    std::lock_guard lock(mutex_);
    const auto it = drivers_.find(node);
    if (it == drivers_.end() || !it->second.taken_by.empty()) return Watched::kReady;
    before = it->second;
  }
  const bool late = !before.ready && clock_.steady() - before.since > kTooLong;
  const bool gone = late || is_gone(node);
  const bool ready = !gone && (before.ready || is_ready(node));
  std::vector<serverless::Key> waiting;
  {
    std::lock_guard lock(mutex_);
    const auto it = drivers_.find(node);
    if (it == drivers_.end() || !it->second.taken_by.empty()) return Watched::kReady;
    it->second.ready = ready;
    if (gone && !before.ready) failed_[before.key] = clock_.steady();
    if (ready && !before.ready) {
      for (const auto& [application, kept] : kept_)
        if (kept.key == before.key) waiting.push_back(application);
    }
  }
  for (const serverless::Key& application : waiting) wake(application);
  return gone ? Watched::kGone : ready ? Watched::kReady : Watched::kWarming;
}

bool WarmPool::make(const std::string& node, const WarmKey& key) {
  auto setup = engines_.warm_setup(key);
  base::Status made = setup.ok() ? base::ok() : base::Status(setup.error());
  if (made.ok()) {
    setup->node.id = node;
    made = nodes_.ensure(setup->node);
  }
  if (made.ok()) made = nodes_.start(node, setup->process);
  if (made.ok()) return true;
  base::log_warn("control", "no warm driver of {} with {}: {}", key.release_label, key.heap,
                 made.error().message);
  end(node);
  return false;
}

bool WarmPool::is_ready(const std::string& node) {
  return nodes_.open_file(node, job::warm_driver_file(kWarmDriver, "ready")).ok();
}

bool WarmPool::is_gone(const std::string& node) {
  const auto seen = nodes_.look(node);
  if (!seen.ok() || !seen->alive) return true;
  for (const auto& [id, process] : seen->processes) {
    if (id == "warm") return process.state != nodes::ProcessSeen::State::kRunning;
  }
  return true;
}

void WarmPool::end(const std::string& node) {
  base::Status gone = nodes_.remove(node);
  if (gone.ok()) gone = nodes_.forget(node);
  if (!gone.ok()) base::log_warn("control", "{}: {}", node, gone.error().message);
}

}  // namespace howdah::control
