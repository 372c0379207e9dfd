// CreateApplication, GetApplication, ListApplications, UpdateApplication, DeleteApplication,
// StartApplication, StopApplication.

#include <fmt/format.h>

#include "base/text.h"
#include "services/emr_serverless/application_answer.h"
#include "services/emr_serverless/application_request.h"
#include "services/emr_serverless/emr_serverless.h"
#include "services/emr_serverless/errors.h"
#include "services/emr_serverless/members.h"

namespace howdah::services::emr_serverless {
namespace {

using serverless::ApplicationState;
using serverless::ApplicationStatus;
using serverless::WantedApplication;

constexpr size_t kPage = 50;  // maxResults' largest
constexpr char kAtRest[] = "CREATED, STOPPED";

bool is_at_rest(ApplicationState state) {
  return state == ApplicationState::kCreated || state == ApplicationState::kStopped;
}

}  // namespace

base::Result<wire::CreateApplicationOutput> EmrServerless::create_application(
    const aws::Context& context, const wire::CreateApplicationInput& input) {
  WantedApplication wanted = TRY(application_from(input.raw(), o_.releases));
  wanted.tags = input.tags();
  TRY(check_tags(wanted.tags));
  const serverless::Key key = key_of(context, new_id());
  auto row = o_.store.create_application(key, wanted, std::string(input.client_token()));
  if (!row.ok()) return of_store(std::move(row).error(), key.id, {}, input.client_token());
  const std::vector<std::string> warnings = members_without_effect(input.raw());
  if (row->key == key && !warnings.empty())
    TRY(o_.store.warn(key, key.id, base::join(warnings, "\n")));
  wire::CreateApplicationOutput out;
  out.set_application_id(row->key.id).set_arn(serverless::arn_of(row->key));
  if (!row->wanted.name.empty()) out.set_name(row->wanted.name);
  return out;
}

base::Result<wire::GetApplicationOutput> EmrServerless::get_application(
    const aws::Context& context, const wire::GetApplicationInput& input) {
  wire::GetApplicationOutput out;
  out.set_application(application_answer(TRY(find_application(context, input.application_id()))));
  return out;
}

base::Result<wire::ListApplicationsOutput> EmrServerless::list_applications(
    const aws::Context& context, const wire::ListApplicationsInput& input) {
  std::vector<ApplicationState> states;
  for (const std::string& name : input.states()) {
    if (const auto state = serverless::application_state_of(name)) states.push_back(*state);
  }
  auto page = o_.store.applications(context.account, context.region, states,
                                    std::string(input.next_token().value_or("")),
                                    static_cast<size_t>(input.max_results().value_or(kPage)));
  if (!page.ok()) return of_store(std::move(page).error(), "");
  std::vector<wire::ApplicationSummary> found;
  for (const store::ApplicationRow& row : page->rows) found.push_back(application_summary(row));
  wire::ListApplicationsOutput out;
  out.set_applications(std::move(found));
  if (!page->next.empty()) out.set_next_token(page->next);
  return out;
}

base::Result<wire::UpdateApplicationOutput> EmrServerless::update_application(
    const aws::Context& context, const wire::UpdateApplicationInput& input) {
  const std::string_view id = input.application_id();
  auto row = o_.store.change_application(
      key_of(context, id),
      [&](WantedApplication& wanted, const ApplicationStatus& status, size_t) -> base::Status {
        const ApplicationState now = state_of(wanted, status);
        if (!is_at_rest(now)) return wrong_state(id, kAtRest, now);
        base::JsonObject request = wanted.request;
        for (const auto& [name, value] : input.raw()) {
          if (name != "applicationId" && name != "clientToken") request[name] = value;
        }
        WantedApplication next = TRY(application_from(request, o_.releases));
        next.tags = wanted.tags;
        next.starts = wanted.starts;
        next.stops = wanted.stops;
        next.deleted = wanted.deleted;
        wanted = std::move(next);
        return base::ok();
      });
  if (!row.ok()) return of_store(std::move(row).error(), id);
  const std::vector<std::string> warnings = members_without_effect(input.raw());
  if (!warnings.empty()) TRY(o_.store.warn(row->key, row->key.id, base::join(warnings, "\n")));
  wire::UpdateApplicationOutput out;
  out.set_application(application_answer(*row));
  return out;
}

base::Result<wire::DeleteApplicationOutput> EmrServerless::delete_application(
    const aws::Context& context, const wire::DeleteApplicationInput& input) {
  const std::string_view id = input.application_id();
  auto row = o_.store.change_application(
      key_of(context, id),
      [&](WantedApplication& wanted, const ApplicationStatus& status,
          size_t unfinished) -> base::Status {
        const ApplicationState now = state_of(wanted, status);
        if (!is_at_rest(now)) return wrong_state(id, kAtRest, now);
        if (unfinished > 0) {
          return validation(fmt::format(
              "Application {} cannot be deleted: {} of its job runs have not ended. Cancel them "
              "or wait for them.",
              id, unfinished));
        }
        wanted.deleted = true;
        return base::ok();
      });
  if (!row.ok()) return of_store(std::move(row).error(), id);
  return wire::DeleteApplicationOutput();
}

base::Result<wire::StartApplicationOutput> EmrServerless::start_application(
    const aws::Context& context, const wire::StartApplicationInput& input) {
  const std::string_view id = input.application_id();
  auto row = o_.store.change_application(
      key_of(context, id),
      [&](WantedApplication& wanted, const ApplicationStatus& status, size_t) -> base::Status {
        const ApplicationState now = state_of(wanted, status);
        if (now == ApplicationState::kStarting || now == ApplicationState::kStarted)
          return base::ok();
        if (!is_at_rest(now)) return wrong_state(id, kAtRest, now);
        ++wanted.starts;
        return base::ok();
      });
  if (!row.ok()) return of_store(std::move(row).error(), id);
  return wire::StartApplicationOutput();
}

base::Result<wire::StopApplicationOutput> EmrServerless::stop_application(
    const aws::Context& context, const wire::StopApplicationInput& input) {
  const std::string_view id = input.application_id();
  auto row = o_.store.change_application(
      key_of(context, id),
      [&](WantedApplication& wanted, const ApplicationStatus& status,
          size_t unfinished) -> base::Status {
        const ApplicationState now = state_of(wanted, status);
        if (now != ApplicationState::kStarting && now != ApplicationState::kStarted) {
          return validation(
              "Application cannot be STOPPED. Applications must be in one of the following "
              "statuses: [STARTING, STARTED]");
        }
        if (unfinished > 0) {
          return validation(fmt::format(
              "Application cannot be STOPPED. All scheduled and running jobs must be completed or "
              "cancelled before: {} of its job runs have not ended.",
              unfinished));
        }
        if (wanted.starts > status.starts_seen) {  // it has not begun to start: it need not
          wanted.starts = status.starts_seen;
        } else {
          ++wanted.stops;
        }
        return base::ok();
      });
  if (!row.ok()) return of_store(std::move(row).error(), id);
  return wire::StopApplicationOutput();
}

}  // namespace howdah::services::emr_serverless
