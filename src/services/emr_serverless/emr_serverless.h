#pragma once

// Amazon EMR Serverless: every operation validates, writes what is wanted into the store and
// answers; the control loop does the rest. One file an operation group beside this header.
// Ownership: borrows all it is given. Threads: concurrent calls allowed. Failure: as AWS answers it
// (errors.h).

#include <functional>
#include <string>
#include <string_view>

#include "apps/releases.h"
#include "aws/emr_serverless/api.h"
#include "base/ids.h"
#include "store/control/serverless_store.h"
#include "store/iam/iam.h"

namespace howdah::services::emr_serverless {

namespace wire = aws::emr_serverless;

class EmrServerless final : public wire::Api {
 public:
  struct Options {
    store::ServerlessStore& store;
    store::iam::Iam& iam;
    const apps::Releases& releases;
    base::Ids& ids;
    /// A link for an hour to the web interface of one attempt of a run. Empty: there are none, and
    /// GetDashboardForJobRun says so.
    std::function<base::Result<std::string>(const serverless::Key& application,
                                            const std::string& run_id, int attempt)>
        dashboard;
  };
  explicit EmrServerless(Options options) : o_(std::move(options)) {}

  // applications.cc
  base::Result<wire::CreateApplicationOutput> create_application(
      const aws::Context&, const wire::CreateApplicationInput&) override;
  base::Result<wire::GetApplicationOutput> get_application(
      const aws::Context&, const wire::GetApplicationInput&) override;
  base::Result<wire::ListApplicationsOutput> list_applications(
      const aws::Context&, const wire::ListApplicationsInput&) override;
  base::Result<wire::UpdateApplicationOutput> update_application(
      const aws::Context&, const wire::UpdateApplicationInput&) override;
  base::Result<wire::DeleteApplicationOutput> delete_application(
      const aws::Context&, const wire::DeleteApplicationInput&) override;
  base::Result<wire::StartApplicationOutput> start_application(
      const aws::Context&, const wire::StartApplicationInput&) override;
  base::Result<wire::StopApplicationOutput> stop_application(
      const aws::Context&, const wire::StopApplicationInput&) override;

  // start_job_run.cc
  base::Result<wire::StartJobRunOutput> start_job_run(const aws::Context&,
                                                      const wire::StartJobRunInput&) override;

  // job_runs.cc
  base::Result<wire::GetJobRunOutput> get_job_run(const aws::Context&,
                                                  const wire::GetJobRunInput&) override;
  base::Result<wire::ListJobRunsOutput> list_job_runs(const aws::Context&,
                                                      const wire::ListJobRunsInput&) override;
  base::Result<wire::ListJobRunAttemptsOutput> list_job_run_attempts(
      const aws::Context&, const wire::ListJobRunAttemptsInput&) override;
  base::Result<wire::CancelJobRunOutput> cancel_job_run(const aws::Context&,
                                                        const wire::CancelJobRunInput&) override;
  base::Result<wire::GetDashboardForJobRunOutput> get_dashboard_for_job_run(
      const aws::Context&, const wire::GetDashboardForJobRunInput&) override;

  // sessions.cc
  base::Result<wire::StartSessionOutput> start_session(const aws::Context&,
                                                       const wire::StartSessionInput&) override;
  base::Result<wire::GetSessionOutput> get_session(const aws::Context&,
                                                   const wire::GetSessionInput&) override;
  base::Result<wire::ListSessionsOutput> list_sessions(const aws::Context&,
                                                       const wire::ListSessionsInput&) override;
  base::Result<wire::TerminateSessionOutput> terminate_session(
      const aws::Context&, const wire::TerminateSessionInput&) override;
  base::Result<wire::GetSessionEndpointOutput> get_session_endpoint(
      const aws::Context&, const wire::GetSessionEndpointInput&) override;
  base::Result<wire::GetResourceDashboardOutput> get_resource_dashboard(
      const aws::Context&, const wire::GetResourceDashboardInput&) override;

  // tags.cc
  base::Result<wire::TagResourceOutput> tag_resource(const aws::Context&,
                                                     const wire::TagResourceInput&) override;
  base::Result<wire::UntagResourceOutput> untag_resource(const aws::Context&,
                                                         const wire::UntagResourceInput&) override;
  base::Result<wire::ListTagsForResourceOutput> list_tags_for_resource(
      const aws::Context&, const wire::ListTagsForResourceInput&) override;

 private:
  /// ResourceNotFoundException when there is none.
  base::Result<store::ApplicationRow> find_application(const aws::Context& context,
                                                       std::string_view id);
  base::Result<serverless::JobRun> find_run(const aws::Context& context,
                                            std::string_view application, std::string_view run);
  /// The role exists, trusts the service, and the caller may pass it.
  base::Status check_role(const aws::Context& context, const serverless::Key& application,
                          std::string_view arn);
  /// An executionIamPolicy whose documents are well-formed and there.
  base::Status check_execution_policy(const wire::StartJobRunInput& input);
  std::string new_id() { return "00" + o_.ids.token(base::kLowerAlnum, 14); }

  Options o_;
};

serverless::Key key_of(const aws::Context& context, std::string_view id);

/// As a caller sees it: what was asked for and control has not done yet included.
serverless::ApplicationState state_of(const serverless::WantedApplication& wanted,
                                      const serverless::ApplicationStatus& status);
serverless::RunState state_of(const serverless::JobRun& run);

}  // namespace howdah::services::emr_serverless
