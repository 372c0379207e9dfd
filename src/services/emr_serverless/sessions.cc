// The operations of interactive sessions, as they answer for an application on which sessions are
// not enabled: there is none, and none can be started.

#include <fmt/format.h>

#include "services/emr_serverless/application_request.h"
#include "services/emr_serverless/emr_serverless.h"
#include "services/emr_serverless/errors.h"

namespace howdah::services::emr_serverless {
namespace {

constexpr char kSince[] = "emr-7.13.0";  // API reference, StartSession

}  // namespace

base::Result<wire::StartSessionOutput> EmrServerless::start_session(
    const aws::Context& context, const wire::StartSessionInput& input) {
  const auto row = TRY(find_application(context, input.application_id()));
  if (!at_least(row.wanted.release_label, kSince)) {
    return validation(fmt::format(
        "Interactive sessions are supported with release labels {} and above; application {} has "
        "{}.",
        kSince, row.key.id, row.wanted.release_label));
  }
  return validation(
      fmt::format("Interactive sessions are not enabled on application {}.", row.key.id));
}

base::Result<wire::GetSessionOutput> EmrServerless::get_session(
    const aws::Context& context, const wire::GetSessionInput& input) {
  TRY(find_application(context, input.application_id()));
  return no_such_session(input.session_id());
}

base::Result<wire::ListSessionsOutput> EmrServerless::list_sessions(
    const aws::Context& context, const wire::ListSessionsInput& input) {
  TRY(find_application(context, input.application_id()));
  if (input.next_token()) return validation("Invalid nextToken");  // no page gave one out
  wire::ListSessionsOutput out;
  out.set_sessions(base::JsonArray());
  return out;
}

base::Result<wire::TerminateSessionOutput> EmrServerless::terminate_session(
    const aws::Context& context, const wire::TerminateSessionInput& input) {
  TRY(find_application(context, input.application_id()));
  return no_such_session(input.session_id());
}

base::Result<wire::GetSessionEndpointOutput> EmrServerless::get_session_endpoint(
    const aws::Context& context, const wire::GetSessionEndpointInput& input) {
  TRY(find_application(context, input.application_id()));
  return no_such_session(input.session_id());
}

base::Result<wire::GetResourceDashboardOutput> EmrServerless::get_resource_dashboard(
    const aws::Context& context, const wire::GetResourceDashboardInput& input) {
  TRY(find_application(context, input.application_id()));
  return no_such_session(input.resource_id());
}

}  // namespace howdah::services::emr_serverless
