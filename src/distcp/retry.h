#pragma once

// Trying again what may go well the next time, with growing pauses. Free functions; threads: any.

#include <functional>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace howdah::distcp {

/// kUnavailable, kDeadlineExceeded, kAborted, kResourceExhausted: the other side may recover.
bool is_transient(const base::Error& error);

class Retry {
 public:
  Retry(base::Clock& clock, base::Ids& ids, std::stop_token stop)
      : clock_(clock), ids_(ids), stop_(std::move(stop)) {}

  /// Up to 10 tries over about 30 seconds. The last error is returned. No further try once `stop`
  /// is requested.
  base::Status operator()(const std::function<base::Status()>& attempt) const;
  template <typename T>
  base::Result<T> get(const std::function<base::Result<T>()>& attempt) const {
    std::optional<T> value;
    TRY((*this)([&]() -> base::Status {
      value = TRY(attempt());
      return base::ok();
    }));
    return *std::move(value);
  }
  /// False when a stop was requested meanwhile.
  bool pause(base::Millis duration) const { return clock_.wait(duration, stop_); }
  base::Millis now() const { return clock_.steady(); }

 private:
  base::Clock& clock_;
  base::Ids& ids_;
  std::stop_token stop_;
};

}  // namespace howdah::distcp
