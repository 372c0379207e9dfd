#pragma once

// The only source of time and of waiting. Wall time labels what happened; steady time measures how
// long something lasted, so that a jump of the wall clock fires no timeout.
// Threads: all methods may be called concurrently. The fake is advanced by hand.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace howdah::base {

using Millis = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Millis>;  // UTC, epoch milliseconds; stored and sent as such

inline int64_t to_millis(Time time) { return time.time_since_epoch().count(); }
inline Time from_millis(int64_t millis) { return Time(Millis(millis)); }

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;       // wall clock, UTC
  virtual Millis steady() const = 0;  // since an arbitrary start; never goes back, never jumps
  /// Waits until `duration` has passed or `stop` is requested; false when stopped.
  virtual bool wait(Millis duration, std::stop_token stop) = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
  Millis steady() const override;
  bool wait(Millis duration, std::stop_token stop) override;
};

/// Starts at 2026-01-01T00:00:00Z; `advance` moves wall and steady time, `jump` the wall only.
class FakeClock final : public Clock {
 public:
  Time now() const override;
  Millis steady() const override;
  bool wait(Millis duration, std::stop_token stop) override;
  void advance(Millis duration);
  void jump(Millis duration);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Time now_ = from_millis(1767225600000);
  Millis steady_{0};
};

}  // namespace howdah::base
