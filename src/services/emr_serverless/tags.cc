// TagResource, UntagResource, ListTagsForResource: of applications and job runs.

#include <algorithm>

#include "aws/arn.h"
#include "base/text.h"
#include "services/emr_serverless/application_request.h"
#include "services/emr_serverless/emr_serverless.h"
#include "services/emr_serverless/errors.h"

namespace howdah::services::emr_serverless {
namespace {

using Tags = std::vector<std::pair<std::string, std::string>>;

struct Resource {
  serverless::Key application;
  std::string run;  // empty: the application itself
};

// "…:/applications/ID", "…:/applications/ID/jobruns/ID", "…:/applications/ID/sessions/ID".
base::Result<Resource> resource_of(const aws::Context& context, std::string_view text) {
  const auto arn = aws::parse_arn(text);
  const auto parts = base::split(arn ? std::string_view(arn->resource) : "", '/');
  if (parts.size() < 3) return validation("Invalid resourceArn");
  if (arn->account != context.account || arn->region != context.region)
    return no_such_application(parts[2]);
  Resource out{key_of(context, parts[2]), {}};
  if (parts.size() < 5) return out;
  if (parts[3] == "sessions") return no_such_session(parts[4]);
  out.run = parts[4];
  return out;
}

base::Status change(store::ServerlessStore& store, const Resource& resource,
                    const std::function<base::Status(Tags&)>& make) {
  if (resource.run.empty()) {
    auto done =
        store.change_application(resource.application, [&](serverless::WantedApplication& wanted,
                                                           const serverless::ApplicationStatus&,
                                                           size_t) { return make(wanted.tags); });
    return done.ok() ? base::ok()
                     : base::Status(of_store(std::move(done).error(), resource.application.id));
  }
  auto done = store.change_run(resource.application, resource.run,
                               [&](serverless::WantedRun& wanted, const serverless::RunStatus&) {
                                 return make(wanted.tags);
                               });
  return done.ok() ? base::ok()
                   : base::Status(
                         of_store(std::move(done).error(), resource.application.id, resource.run));
}

}  // namespace

base::Result<wire::TagResourceOutput> EmrServerless::tag_resource(
    const aws::Context& context, const wire::TagResourceInput& input) {
  const Resource resource = TRY(resource_of(context, input.resource_arn()));
  const Tags added = input.tags();
  TRY(change(o_.store, resource, [&](Tags& tags) -> base::Status {
    for (const auto& [key, value] : added) {
      const auto at = std::find_if(tags.begin(), tags.end(),
                                   [&key = key](const auto& tag) { return tag.first == key; });
      if (at == tags.end()) {
        tags.emplace_back(key, value);
      } else {
        at->second = value;
      }
    }
    return check_tags(tags);
  }));
  return wire::TagResourceOutput();
}

base::Result<wire::UntagResourceOutput> EmrServerless::untag_resource(
    const aws::Context& context, const wire::UntagResourceInput& input) {
  const Resource resource = TRY(resource_of(context, input.resource_arn()));
  const std::vector<std::string> keys = input.tag_keys();
  TRY(change(o_.store, resource, [&](Tags& tags) {
    std::erase_if(tags, [&](const auto& tag) {
      return std::find(keys.begin(), keys.end(), tag.first) != keys.end();
    });
    return base::ok();
  }));
  return wire::UntagResourceOutput();
}

base::Result<wire::ListTagsForResourceOutput> EmrServerless::list_tags_for_resource(
    const aws::Context& context, const wire::ListTagsForResourceInput& input) {
  const Resource resource = TRY(resource_of(context, input.resource_arn()));
  wire::ListTagsForResourceOutput out;
  if (resource.run.empty()) {
    out.set_tags(TRY(find_application(context, resource.application.id)).wanted.tags);
  } else {
    out.set_tags(TRY(find_run(context, resource.application.id, resource.run)).wanted.tags);
  }
  return out;
}

}  // namespace howdah::services::emr_serverless
