#include "cli/clusters.h"

#include <fmt/format.h>

#include <algorithm>

namespace howdah::cli {

namespace {

const base::JsonObject& child(const base::JsonObject& object, std::string_view key) {
  static const base::JsonObject kEmpty;
  const base::JsonObject* found = base::find_object(object, key);
  return found == nullptr ? kEmpty : *found;
}

StepRow step_of(const base::JsonObject& step, const std::string& cluster_id) {
  const base::JsonObject& status = child(step, "Status");
  const base::JsonObject& timeline = child(status, "Timeline");
  const base::JsonObject& failure = child(status, "FailureDetails");
  StepRow row;
  row.id = base::text_at(step, "Id");
  row.name = base::text_at(step, "Name");
  row.state = base::text_at(status, "State");
  row.reason = base::text_at(failure, "Message", base::text_at(failure, "Reason"));
  if (row.reason.empty()) row.reason = base::text_at(child(status, "StateChangeReason"), "Message");
  row.log_file = base::text_at(failure, "LogFile");
  row.cluster_id = cluster_id;
  row.created = time_at(timeline, "CreationDateTime");
  row.started = time_at(timeline, "StartDateTime");
  row.ended = time_at(timeline, "EndDateTime");
  return row;
}

ClusterRow cluster_of(const base::JsonObject& cluster) {
  const base::JsonObject& status = child(cluster, "Status");
  ClusterRow row;
  row.id = base::text_at(cluster, "Id");
  row.name = base::text_at(cluster, "Name");
  row.state = base::text_at(status, "State");
  row.reason = base::text_at(child(status, "StateChangeReason"), "Message");
  row.created = time_at(child(status, "Timeline"), "CreationDateTime");
  return row;
}

bool one_of(const std::string& state, std::initializer_list<std::string_view> states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

}  // namespace

base::Result<std::vector<ClusterRow>> list_clusters(Api& api, bool all) {
  base::JsonObject input;
  if (!all) {
    input["ClusterStates"] =
        base::JsonArray{"STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"};
  }
  base::JsonArray found = TRY(api.emr_all("ListClusters", std::move(input), "Clusters"));
  std::vector<ClusterRow> rows;
  for (const base::Json& cluster : found) {
    if (cluster.is_object()) rows.push_back(cluster_of(cluster.as_object()));
  }
  return rows;
}

base::Result<std::vector<StepRow>> list_steps(Api& api, const std::string& cluster_id) {
  base::JsonArray found = TRY(api.emr_all("ListSteps", {{"ClusterId", cluster_id}}, "Steps"));
  std::vector<StepRow> rows;
  for (const base::Json& step : found) {
    if (step.is_object()) rows.push_back(step_of(step.as_object(), cluster_id));
  }
  return rows;
}

base::Result<StepRow> describe_step(Api& api, const std::string& cluster_id,
                                    const std::string& step_id, bool held) {
  base::JsonObject found =
      TRY(api.emr("DescribeStep", {{"ClusterId", cluster_id}, {"StepId", step_id}}, held));
  return step_of(child(found, "Step"), cluster_id);
}

base::Result<ClusterRow> describe_cluster(Api& api, const std::string& cluster_id, bool held) {
  base::JsonObject found = TRY(api.emr("DescribeCluster", {{"ClusterId", cluster_id}}, held));
  return cluster_of(child(found, "Cluster"));
}

base::Result<StepRow> find_step(Api& api, const std::string& step_id) {
  for (const ClusterRow& cluster : TRY(list_clusters(api, true))) {
    auto found = describe_step(api, cluster.id, step_id);
    if (found.ok()) return found;
    const base::Error& error = found.error();
    bool elsewhere =
        error.code == base::Code::kNotFound || error.code == base::Code::kInvalidArgument;
    if (!elsewhere) return error;
  }
  return base::not_found("no cluster has the step " + step_id);
}

bool is_over(const StepRow& step) {
  return one_of(step.state, {"COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"});
}

bool is_over(const ClusterRow& cluster) {
  return one_of(cluster.state, {"TERMINATED", "TERMINATED_WITH_ERRORS"});
}

bool is_busy(const StepRow& step) {
  return one_of(step.state, {"PENDING", "RUNNING", "CANCEL_PENDING"});
}

std::string log_path(const StepRow& step, const std::string& file) {
  return fmt::format("/_howdah/logs/{}/{}/{}?", step.cluster_id, step.id, file);
}

base::Error unknown_id(const std::string& id) {
  return base::not_found("'" + id +
                         "' is neither a step (s-…) nor a cluster (j-…), nor a job run or an "
                         "application (00…)");
}

}  // namespace howdah::cli
