#include "base/clock.h"

namespace howdah::base {

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
  never.wait_for(lock, stop, duration, [] { return false; });
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
  const Millis until = steady_ + duration;
  return changed_.wait(lock, stop, [&] { return steady_ >= until; });
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
