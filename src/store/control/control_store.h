#pragma once

// control.db: clusters and steps, what is wanted and what is, and the events. The only state that
// services and control share. Services call the verbs of the first part, control those of the
// second; each column has one writer. Every change of a row counts its version up and wakes those
// who wait. Ownership: owns its database. Threads: concurrent calls allowed. Failure: kNotFound for
// unknown keys; kAborted when a decision was made on a row that has changed since; an error of a
// callback is passed through and nothing is written.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "cluster/cluster.h"
#include "cluster/transitions.h"
#include "store/control/changes.h"
#include "store/control/page.h"

namespace howdah::store {

/// Recognises an SDK's retry of a mutation that has no client token: 15 minutes long, by all four.
struct Retry {
  std::string principal;
  std::string operation;
  std::string invocation_id;  // amz-sdk-invocation-id; empty: no deduplication
  std::string body_sha256;
};

struct ClusterRow {
  cluster::Key key;
  base::JsonObject request;  // RunJobFlow's input as it was received
  cluster::Wanted wanted;
  cluster::Status status;
  /// For the pure functions of cluster.h that name its instance.
  cluster::Cluster as_cluster() const { return {key, wanted, status, {}}; }
};

struct StepRow {
  cluster::Step step;
  base::JsonObject config;  // StepConfig as it was received
};

struct NewStep {
  cluster::Step step;  // sequence is given by the store
  base::JsonObject config;
};

struct ClusterFilter {
  std::optional<base::Time> created_after, created_before;
  std::vector<cluster::State> states;  // empty: all
};

class ControlStore {
 public:
  virtual ~ControlStore() = default;
  static base::Result<std::unique_ptr<ControlStore>> open(const std::string& path,
                                                          base::Clock& clock);

  // ---- what services read and write -------------------------------------------------------------

  /// Writes a cluster in STARTING with its PENDING steps. Answers `answer`, or the answer that was
  /// given to the same call before (then nothing is written).
  virtual base::Result<base::JsonObject> create_cluster(
      const cluster::Key& key, const cluster::Wanted& wanted, const base::JsonObject& request,
      const std::vector<NewStep>& steps, const Retry& retry, const base::JsonObject& answer) = 0;
  virtual base::Result<ClusterRow> cluster(const cluster::Key& key) = 0;
  /// Newest first. kInvalidArgument for a marker that no page gave out.
  virtual base::Result<Page<ClusterRow>> clusters(const std::string& account,
                                                  const std::string& region,
                                                  const ClusterFilter& filter,
                                                  const std::string& marker, size_t limit) = 0;
  /// Changes what is wanted of several clusters of one account and region, all or none. `change` is
  /// called once for each and may refuse.
  virtual base::Status change_wanted(
      const std::vector<cluster::Key>& keys,
      const std::function<base::Status(cluster::Wanted&, const cluster::Status&)>& change) = 0;
  /// The same of one cluster, for changes that must not be made twice: answers `answer`, or the
  /// answer that was given to the same call before (then nothing is written). A store that keeps no
  /// answers makes the change every time.
  virtual base::Result<base::JsonObject> change_wanted_once(
      const cluster::Key& key,
      const std::function<base::Status(cluster::Wanted&, const cluster::Status&)>& change,
      const Retry& /*retry*/, const base::JsonObject& answer) {
    TRY(change_wanted({key}, change));
    return answer;
  }

  /// Appends steps. `check` sees the cluster and how many of its steps have not ended.
  virtual base::Result<base::JsonObject> add_steps(
      const cluster::Key& key, const std::vector<NewStep>& steps,
      const std::function<base::Status(const ClusterRow&, size_t unfinished)>& check,
      const Retry& retry, const base::JsonObject& answer) = 0;
  virtual base::Result<StepRow> step(const cluster::Key& key, const std::string& step_id) = 0;
  /// Newest first; `ids` and `states` empty: all.
  virtual base::Result<Page<StepRow>> steps(const cluster::Key& key,
                                            const std::vector<std::string>& ids,
                                            const std::vector<cluster::StepState>& states,
                                            const std::string& marker, size_t limit) = 0;
  struct CancelOutcome {
    std::string step_id;
    bool submitted = false;
    std::string reason;  // when not
  };
  /// Sets the intent on each step that `may_cancel` allows ("" = yes, else the reason why not).
  virtual base::Result<std::vector<CancelOutcome>> cancel_steps(
      const cluster::Key& key, const std::vector<std::string>& ids, cluster::Cancel how,
      const std::function<std::string(const cluster::Step*)>& may_cancel) = 0;

  struct EventRow {
    int64_t id;
    cluster::Event event;
  };
  /// Of one cluster (its steps and instance included), oldest first, after `after_id`.
  virtual base::Result<std::vector<EventRow>> events(const cluster::Key& key, int64_t after_id,
                                                     size_t limit) = 0;
  /// An event that is not a state change: a member accepted without effect, a note for the user.
  virtual base::Status warn(const cluster::Key& key, const std::string& message) = 0;

  // ---- what control reads and writes ------------------------------------------------------------

  /// A cluster with those of its steps that have not ended, and the version that a commit compares.
  struct Loaded {
    cluster::Cluster cluster;
    int64_t version = 0;
  };
  virtual base::Result<Loaded> load(const cluster::Key& key) = 0;
  /// Writes the status of the cluster and of the steps that differ from `before`, and the events,
  /// in one transaction. kAborted when the row is no longer of `before.version`. Nothing differs:
  /// nothing is written.
  virtual base::Status commit(const Loaded& before, const cluster::Cluster& next,
                              const std::vector<cluster::Event>& events) = 0;
  /// Every cluster that is not in a terminal state.
  virtual base::Result<std::vector<cluster::Key>> unfinished() = 0;
  struct Expired {
    cluster::Key key;
    int instances = 0;  // that it ever had: their numbers are below
  };
  /// Removes what is older than AWS keeps it: clusters that ended two months ago with their steps,
  /// events of seven days ago, answers to retries of 15 minutes ago. Answers which clusters went.
  virtual base::Result<std::vector<Expired>> expire(base::Time now) = 0;

  /// Which keys changed: the control loop's feed, and what held answers wait on.
  virtual Changes& changes() = 0;
};

}  // namespace howdah::store
