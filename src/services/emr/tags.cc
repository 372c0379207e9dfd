// AddTags and RemoveTags of clusters.

#include <algorithm>

#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/tag_check.h"

namespace howdah::services::emr {

base::Result<wire::AddTagsOutput> Emr::add_tags(const aws::Context& context,
                                                const wire::AddTagsInput& input) {
  const Tags added = TRY(check_tags(input.tags()));
  TRY(change_tags(context, input.resource_id(),
                  [&](cluster::Wanted& wanted) { return merge_tags(wanted.tags, added); }));
  return wire::AddTagsOutput();
}

base::Result<wire::RemoveTagsOutput> Emr::remove_tags(const aws::Context& context,
                                                      const wire::RemoveTagsInput& input) {
  const std::vector<std::string> keys = input.tag_keys();
  TRY(change_tags(context, input.resource_id(), [&](cluster::Wanted& wanted) {
    std::erase_if(wanted.tags, [&](const auto& tag) {
      return std::find(keys.begin(), keys.end(), tag.first) != keys.end();
    });
    return base::ok();
  }));
  return wire::RemoveTagsOutput();
}

base::Status Emr::change_tags(const aws::Context& context, std::string_view id,
                              const std::function<base::Status(cluster::Wanted&)>& change) {
  auto done = store_.change_wanted(
      {key_of(context, id)},
      [&](cluster::Wanted& wanted, const cluster::Status& status) -> base::Status {
        if (cluster::is_terminal(status.state)) {
          return invalid_request("Tags cannot be modified on terminated clusters.");
        }
        return change(wanted);
      });
  if (!done.ok()) return of_cluster(std::move(done).error(), id);
  return done;
}

}  // namespace howdah::services::emr
