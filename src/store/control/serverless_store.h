#pragma once

// serverless.db: applications and job runs of EMR Serverless, what is wanted and what is, and the
// events. The only state that services and control share about them; each column has one writer.
// Every write to an application or one of its runs counts the application's version up and wakes
// those who wait. Ownership: owns its database. Threads: concurrent calls allowed. Failure:
// kNotFound for unknown keys; kAborted when a decision was made on what has changed since; an error
// of a callback is passed through and nothing is written.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "serverless/serverless.h"
#include "serverless/transitions.h"
#include "store/control/changes.h"
#include "store/control/page.h"

namespace howdah::store {

struct ApplicationRow {
  serverless::Key key;
  serverless::WantedApplication wanted;
  serverless::ApplicationStatus status;
};

struct RunFilter {
  std::optional<base::Time> created_after, created_before;  // both inclusive
  std::vector<serverless::RunState> states;                 // empty: all
  std::string mode;                                         // empty: any
};

class ServerlessStore {
 public:
  virtual ~ServerlessStore() = default;
  static base::Result<std::unique_ptr<ServerlessStore>> open(const std::string& path,
                                                             base::Clock& clock);

  // ---- what services read and write -------------------------------------------------------------

  /// Writes an application in CREATING. The same client token of the same account and region
  /// answers the row that it made before; kAlreadyExists when it came with another `request`. An
  /// empty token is none.
  virtual base::Result<ApplicationRow> create_application(
      const serverless::Key& key, const serverless::WantedApplication& wanted,
      const std::string& client_token) = 0;
  virtual base::Result<ApplicationRow> application(const serverless::Key& key) = 0;
  /// Newest first. kInvalidArgument for a marker that no page gave out.
  virtual base::Result<Page<ApplicationRow>> applications(
      const std::string& account, const std::string& region,
      const std::vector<serverless::ApplicationState>& states, const std::string& marker,
      size_t limit) = 0;
  /// `change` may refuse; it sees how many runs have not ended. Answers the row afterwards.
  virtual base::Result<ApplicationRow> change_application(
      const serverless::Key& key,
      const std::function<base::Status(serverless::WantedApplication&,
                                       const serverless::ApplicationStatus&, size_t unfinished)>&
          change) = 0;

  /// Writes a run in SUBMITTED with its first attempt; `check` sees the application as it is then
  /// and may refuse. The same client token of the same application answers the run that it made
  /// before
  /// (`check` is not asked); kAlreadyExists when the request differs.
  virtual base::Result<serverless::JobRun> start_run(
      const serverless::Key& key, const serverless::JobRun& run, const std::string& client_token,
      const std::function<base::Status(const ApplicationRow&, size_t unfinished)>& check) = 0;
  virtual base::Result<serverless::JobRun> run(const serverless::Key& key,
                                               const std::string& run_id) = 0;
  /// Newest first. kInvalidArgument for a marker that no page gave out.
  virtual base::Result<Page<serverless::JobRun>> runs(const serverless::Key& key,
                                                      const RunFilter& filter,
                                                      const std::string& marker, size_t limit) = 0;
  virtual base::Result<serverless::JobRun> change_run(
      const serverless::Key& key, const std::string& run_id,
      const std::function<base::Status(serverless::WantedRun&, const serverless::RunStatus&)>&
          change) = 0;

  struct EventRow {
    int64_t id;
    serverless::Event event;
  };
  /// Of one application (its runs included), oldest first, after `after_id`.
  virtual base::Result<std::vector<EventRow>> events(const serverless::Key& key, int64_t after_id,
                                                     size_t limit) = 0;
  virtual base::Status warn(const serverless::Key& key, const std::string& subject,
                            const std::string& message) = 0;

  // ---- what control reads and writes ------------------------------------------------------------

  /// An application with those of its runs that have not ended, and the version that a commit
  /// compares.
  struct Loaded {
    serverless::Application application;
    int64_t version = 0;
  };
  virtual base::Result<Loaded> load(const serverless::Key& key) = 0;
  /// Writes the status of the application and of the runs that differ from `before`, and the
  /// events, in one transaction. kAborted when the row is no longer of `before.version` (any write
  /// to the application or one of its runs counts it up). Nothing differs: nothing is written.
  virtual base::Status commit(const Loaded& before, const serverless::Application& next,
                              const std::vector<serverless::Event>& events) = 0;
  /// Every application that is not TERMINATED.
  virtual base::Result<std::vector<serverless::Key>> unfinished() = 0;
  /// Removes what AWS keeps no longer: runs that ended 30 days ago and applications that were
  /// deleted 30 days ago, and the events of that age; answers the runs that went (their kept logs
  /// go with them).
  virtual base::Result<std::vector<std::pair<serverless::Key, std::string>>> expire(
      base::Time now) = 0;

  /// Which applications changed: the control loop's feed, and what held answers wait on.
  virtual Changes& changes() = 0;
};

}  // namespace howdah::store
