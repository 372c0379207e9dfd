#pragma once

// For tests: time passes at once, so that pauses between tries cost none. Threads: any.

#include <atomic>

#include "base/clock.h"

namespace howdah::distcp {

class EagerClock final : public base::Clock {
 public:
  base::Time now() const override { return base::from_millis(1767225600000 + passed_); }
  base::Millis steady() const override { return base::Millis(passed_); }
  bool wait(base::Millis duration, std::stop_token stop) override {
    passed_ += duration.count();
    return !stop.stop_requested();
  }

 private:
  std::atomic<int64_t> passed_ = 0;
};

}  // namespace howdah::distcp
