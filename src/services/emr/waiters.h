#pragma once

// Waiters return at once: a Describe* that comes from an SDK's waiter is held back while no waiter
// of that operation would end on the state (botocore's waiters-2.json: ClusterRunning,
// ClusterTerminated, StepComplete). The waiter would sleep 30 s between its polls; so it sleeps
// inside one of them.
//
//   state of the cluster       ClusterRunning   ClusterTerminated   a waiter's poll is
//   STARTING, BOOTSTRAPPING    goes on          goes on             held
//   RUNNING, WAITING           succeeds         goes on             answered the first time on a
//   connection,
//                                                                   held from then on
//   TERMINATING                fails            goes on             held: it soon ends, and then
//   both end TERMINATED(_WITH_ERRORS)   fails            ends                answered
//
// A cluster that somebody asked to terminate counts as TERMINATING before control has seen it. A
// waiter's polls follow each other: any other call on the connection makes the next poll a first
// one again. A held poll keeps no lock and no state: when the server ends, the client's SDK asks
// again. Threads: concurrent calls allowed. Failure: none; what is forgotten is answered once more.

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "aws/context.h"
#include "base/clock.h"
#include "cluster/cluster.h"
#include "store/control/control_store.h"

namespace howdah::services::emr {

enum class Poll { kEnds, kEither, kOpen };  // every waiter ends; one of the two does; none does

Poll poll_of(const cluster::Wanted& wanted, const cluster::Status& status);
inline bool is_open(cluster::StepState state) { return !cluster::is_terminal(state); }

class Waiters {
 public:
  Waiters(store::ControlStore& store, base::Clock& clock) : store_(store), clock_(clock) {}

  /// True when the answer is held: context.hold is filled then. Both are to be called for every
  /// DescribeCluster and DescribeStep; they know a waiter by its User-Agent.
  bool hold(const aws::Context& context, const store::ClusterRow& row);
  bool hold(const aws::Context& context, const cluster::Key& key, const cluster::Step& step);

  /// Another call came on this connection.
  void forget(uint64_t connection_id);

  static constexpr size_t kRemembered = 4096;

 private:
  bool answered_before(uint64_t connection_id, const std::string& cluster_id);
  void hold_until(const aws::Context& context, const cluster::Key& key, std::function<bool()> due);

  store::ControlStore& store_;
  base::Clock& clock_;
  std::mutex mutex_;
  std::set<std::pair<uint64_t, std::string>> answered_;
  std::deque<std::pair<uint64_t, std::string>> oldest_;  // the order in which they are forgotten
};

}  // namespace howdah::services::emr
