#include "services/emr_serverless/emr_serverless.h"

#include <fmt/format.h>

#include "services/emr_serverless/errors.h"

namespace howdah::services::emr_serverless {

using serverless::ApplicationState;
using serverless::RunState;

serverless::Key key_of(const aws::Context& context, std::string_view id) {
  return {context.account, context.region, std::string(id)};
}

ApplicationState state_of(const serverless::WantedApplication& wanted,
                          const serverless::ApplicationStatus& status) {
  const bool at_rest =
      status.state == ApplicationState::kCreated || status.state == ApplicationState::kStopped;
  const bool up =
      status.state == ApplicationState::kStarting || status.state == ApplicationState::kStarted;
  if (at_rest && wanted.deleted) return ApplicationState::kTerminated;
  if (at_rest && wanted.starts > status.starts_seen) return ApplicationState::kStarting;
  if (up && wanted.stops > status.stops_seen) return ApplicationState::kStopping;
  return status.state;
}

RunState state_of(const serverless::JobRun& run) {
  const bool going = !serverless::is_terminal(run.status.state);
  return going && run.wanted.cancel ? RunState::kCancelling : run.status.state;
}

base::Result<store::ApplicationRow> EmrServerless::find_application(const aws::Context& context,
                                                                    std::string_view id) {
  auto row = o_.store.application(key_of(context, id));
  if (!row.ok()) return of_store(std::move(row).error(), id);
  return row;
}

base::Result<serverless::JobRun> EmrServerless::find_run(const aws::Context& context,
                                                         std::string_view application,
                                                         std::string_view run) {
  auto found = o_.store.run(key_of(context, application), std::string(run));
  if (!found.ok()) return of_store(std::move(found).error(), application, run);
  return found;
}

}  // namespace howdah::services::emr_serverless
