#include "services/emr/waiters.h"

#include <algorithm>

namespace howdah::services::emr {

Poll poll_of(const cluster::Wanted& wanted, const cluster::Status& status) {
  if (cluster::is_terminal(status.state)) return Poll::kEnds;
  if (!wanted.terminate.empty()) return Poll::kOpen;
  const bool up =
      status.state == cluster::State::kRunning || status.state == cluster::State::kWaiting;
  return up ? Poll::kEither : Poll::kOpen;
}

bool Waiters::hold(const aws::Context& context, const store::ClusterRow& row) {
  if (!aws::from_waiter(context.user_agent)) return false;
  const Poll poll = poll_of(row.wanted, row.status);
  if (poll == Poll::kEnds) return false;
  // The answer that ends a hold is given in any case, and counts as one.
  if (poll == Poll::kEither && !answered_before(context.connection_id, row.key.id)) return false;
  if (!context.hold) return false;
  hold_until(context, row.key, [&store = store_, key = row.key, began = poll] {
    const auto now = store.cluster(key);
    if (!now.ok()) return true;
    const Poll poll = poll_of(now->wanted, now->status);
    return poll == Poll::kEnds || (began == Poll::kOpen && poll == Poll::kEither);
  });
  return true;
}

bool Waiters::hold(const aws::Context& context, const cluster::Key& key,
                   const cluster::Step& step) {
  if (!context.hold || !aws::from_waiter(context.user_agent) || !is_open(step.state)) return false;
  hold_until(context, key, [&store = store_, key, id = step.id] {
    const auto now = store.step(key, id);
    return !now.ok() || !is_open(now->step.state);
  });
  return true;
}

void Waiters::hold_until(const aws::Context& context, const cluster::Key& key,
                         std::function<bool()> due) {
  context.hold->emplace();
  (*context.hold)->ready = [this, key, due = std::move(due)](base::Millis budget) {
    const base::Millis until = clock_.steady() + budget;
    for (;;) {
      const uint64_t seen =
          store_.changes().generation(key);  // before the look: no change is missed
      if (due()) return true;
      const base::Millis left = until - clock_.steady();
      if (left <= base::Millis(0) || !store_.changes().wait_beyond(key, seen, left)) return false;
    }
  };
}

bool Waiters::answered_before(uint64_t connection_id, const std::string& cluster_id) {
  std::lock_guard lock(mutex_);
  const std::pair key(connection_id, cluster_id);
  if (!answered_.insert(key).second) return true;
  oldest_.push_back(key);
  if (oldest_.size() > kRemembered) {
    answered_.erase(oldest_.front());
    oldest_.pop_front();
  }
  return false;
}

void Waiters::forget(uint64_t connection_id) {
  std::lock_guard lock(mutex_);
  const auto from = answered_.lower_bound({connection_id, ""});
  auto to = from;
  while (to != answered_.end() && to->first == connection_id) ++to;
  if (from == to) return;
  answered_.erase(from, to);
  std::erase_if(oldest_, [&](const auto& key) { return key.first == connection_id; });
}

}  // namespace howdah::services::emr
