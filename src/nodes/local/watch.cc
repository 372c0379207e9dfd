#include "nodes/local/watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vector>

namespace howdah::nodes {

Watch::Watch() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Watch::add(const os::ProcessIdentity& identity) {
  std::lock_guard lock(mutex_);
  if (watched_.count(identity.pid) != 0) return;
  auto pidfd = os::open_pidfd(identity);
  if (!pidfd.ok()) return;
  watched_.emplace(identity.pid, std::move(*pidfd));
  ::eventfd_write(wake_.get(), 1);  // whoever waits shall wait for this one too
}

void Watch::wait(base::Millis timeout, std::stop_token stop) {
  std::stop_callback on_stop(stop, [this] { ::eventfd_write(wake_.get(), 1); });
  base::SystemClock clock;
  const base::Millis until = clock.steady() + timeout;
  while (!stop.stop_requested()) {
    std::vector<pollfd> waiting = {{wake_.get(), POLLIN, 0}};
    std::vector<pid_t> pids = {0};
    {
      std::lock_guard lock(mutex_);
      for (const auto& [pid, fd] : watched_) {
        waiting.push_back({fd.get(), POLLIN, 0});
        pids.push_back(pid);
      }
    }
    const auto left = until - clock.steady();
    const int millis = left.count() > 0 ? static_cast<int>(left.count()) : 0;
    if (::poll(waiting.data(), waiting.size(), millis) < 0) continue;
    bool ended = false;
    std::lock_guard lock(mutex_);
    for (size_t i = 1; i < waiting.size(); ++i)
      if (waiting[i].revents != 0) {
        watched_.erase(pids[i]);
        ended = true;
      }
    if (ended || millis == 0) return;
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
  }
}

}  // namespace howdah::nodes
