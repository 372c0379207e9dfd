#include "base/clock.h"

#include <algorithm>

namespace howdah::base {
namespace {

// "For ever" is asked for as Millis::max(), which must not overflow when a point in time is added.
constexpr Millis kLongest = std::chrono::hours(24 * 365 * 100);

Millis bounded(Millis duration) { return std::clamp(duration, Millis(0), kLongest); }

}  // namespace

Time SystemClock::now() const {
  return std::chrono::floor<Millis>(std::chrono::system_clock::now());
}

Millis SystemClock::steady() const {
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
}

bool SystemClock::wait(Millis duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, bounded(duration), [] { return false; });
  return !stop.stop_requested();
}

Time FakeClock::now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

Millis FakeClock::steady() const {
  std::lock_guard lock(mutex_);
  return steady_;
}

bool FakeClock::wait(Millis duration, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const Millis until = steady_ + bounded(duration);
  changed_.wait(lock, stop, [&] { return steady_ >= until; });
  return !stop.stop_requested();
}

void FakeClock::advance(Millis duration) {
  std::lock_guard lock(mutex_);
  now_ += duration;
  steady_ += duration;
  changed_.notify_all();
}

void FakeClock::jump(Millis duration) {
  std::lock_guard lock(mutex_);
  now_ += duration;
}

}  // namespace howdah::base
