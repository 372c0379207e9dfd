#include "services/emr/emr.h"

#include "base/text.h"
#include "services/emr/errors.h"

namespace howdah::services::emr {

Emr::Emr(store::ControlStore& store, store::iam::Iam& iam, const apps::Releases& releases,
         const apps::InstanceTypes& instance_types, base::Ids& ids, base::Clock& clock)
    : store_(store),
      iam_(iam),
      releases_(releases),
      instance_types_(instance_types),
      ids_(ids),
      clock_(clock),
      waiters_(store, clock) {}

base::Result<aws::Answer> Emr::call(const aws::Operation& operation, const aws::Context& context,
                                    const base::JsonObject& input, http::BodyReader* body) {
  if (!aws::from_waiter(context.user_agent)) waiters_.forget(context.connection_id);
  return Api::call(operation, context, input, body);
}

cluster::Key key_of(const aws::Context& context, std::string_view id) {
  return {context.account, context.region, std::string(id)};
}

bool is_ending(const cluster::Wanted& wanted, const cluster::Status& status) {
  return !wanted.terminate.empty() || status.state == cluster::State::kTerminating ||
         cluster::is_terminal(status.state);
}

base::Result<store::ClusterRow> Emr::find_cluster(const aws::Context& context,
                                                  std::string_view id) {
  auto row = store_.cluster(key_of(context, id));
  if (!row.ok()) return of_cluster(std::move(row).error(), id);
  return row;
}

base::Status Emr::change_cluster(const aws::Context& context, std::string_view id,
                                 const Change& change) {
  auto done = store_.change_wanted(
      {key_of(context, id)},
      [&](cluster::Wanted& wanted, const cluster::Status& status) -> base::Status {
        if (is_ending(wanted, status)) return may_not_be_modified();
        return change(wanted, status);
      });
  if (!done.ok()) return of_cluster(std::move(done).error(), id);
  return done;
}

base::Result<base::JsonObject> Emr::change_once(const aws::Context& context,
                                                const cluster::Key& key, std::string_view operation,
                                                const Change& change,
                                                const base::JsonObject& answer,
                                                const std::vector<std::string>& warnings) {
  bool changed = false;
  base::JsonObject given = TRY(store_.change_wanted_once(
      key,
      [&](cluster::Wanted& wanted, const cluster::Status& status) {
        changed = true;
        return change(wanted, status);
      },
      {context.principal_arn, std::string(operation), context.invocation_id, context.body_sha256},
      answer));
  if (changed && !warnings.empty()) TRY(store_.warn(key, base::join(warnings, "\n")));
  return given;
}

base::Status Emr::change_job_flows(const aws::Context& context, const std::vector<std::string>& ids,
                                   const Change& change, bool ended_too) {
  std::vector<cluster::Key> keys;
  for (const std::string& id : ids) {
    keys.push_back(key_of(context, id));
    if (auto row = store_.cluster(keys.back()); !row.ok())
      return of_job_flow(std::move(row).error(), id);
  }
  return store_.change_wanted(
      keys, [&](cluster::Wanted& wanted, const cluster::Status& status) -> base::Status {
        if (is_ending(wanted, status))
          return ended_too ? base::ok() : base::Status(may_not_be_modified());
        return change(wanted, status);
      });
}

}  // namespace howdah::services::emr
