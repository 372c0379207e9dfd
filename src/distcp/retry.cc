#include "distcp/retry.h"

#include <algorithm>

#include "base/log.h"

namespace howdah::distcp {
namespace {

constexpr int kTries = 10;
constexpr int kQuietTries = 3;  // a hiccup is not worth a line
constexpr base::Millis kFirstPause{200};
constexpr base::Millis kLongestPause{8000};

}  // namespace

bool is_transient(const base::Error& error) {
  switch (error.code) {
    case base::Code::kUnavailable:
    case base::Code::kDeadlineExceeded:
    case base::Code::kAborted:
    case base::Code::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

base::Status Retry::operator()(const std::function<base::Status()>& attempt) const {
  base::Millis pause = kFirstPause;
  for (int tries = 1;; ++tries) {
    base::Status done = attempt();
    if (done.ok() || tries == kTries || !is_transient(done.error())) return done;
    if (stop_.stop_requested()) return done;
    // Half of it by chance, so that many who failed together do not come back together.
    const auto chance = static_cast<unsigned char>(ids_.token(base::kHexDigits, 1)[0]) % 16;
    if (tries >= kQuietTries) {
      base::log_warn("s3-dist-cp", "trying again ({} of {}): {}", tries + 1, kTries,
                     done.error().message);
    }
    if (!clock_.wait(pause / 2 + pause * chance / 32, stop_)) return done;
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace howdah::distcp
