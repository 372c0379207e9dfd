// DescribeCluster, ListClusters, ListBootstrapActions.

#include "services/emr/cluster_answer.h"
#include "services/emr/emr.h"
#include "services/emr/errors.h"

namespace howdah::services::emr {
namespace {

constexpr size_t kPage = 50;  // API reference: "you can retrieve a maximum of 50 clusters a call"

}  // namespace

base::Result<wire::DescribeClusterOutput> Emr::describe_cluster(
    const aws::Context& context, const wire::DescribeClusterInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  wire::DescribeClusterOutput out;
  if (waiters_.hold(context, row)) return out;
  out.set_cluster(cluster_answer(row, releases_, instance_types_, clock_.now()));
  return out;
}

base::Result<wire::ListClustersOutput> Emr::list_clusters(const aws::Context& context,
                                                          const wire::ListClustersInput& input) {
  store::ClusterFilter filter;
  if (const auto time = input.created_after()) filter.created_after = base::from_millis(*time);
  if (const auto time = input.created_before()) filter.created_before = base::from_millis(*time);
  for (const std::string& name : input.cluster_states()) {
    if (const auto state = cluster::state_of(name)) filter.states.push_back(*state);
  }
  auto page = store_.clusters(context.account, context.region, filter,
                              std::string(input.marker().value_or("")), kPage);
  if (!page.ok()) return of_cluster(std::move(page).error(), "");
  std::vector<wire::ClusterSummary> found;
  for (const store::ClusterRow& row : page->rows) {
    found.push_back(cluster_summary(row, instance_types_, clock_.now()));
  }
  wire::ListClustersOutput out;
  out.set_clusters(std::move(found));
  if (!page->next.empty()) out.set_marker(page->next);
  return out;
}

base::Result<wire::ListBootstrapActionsOutput> Emr::list_bootstrap_actions(
    const aws::Context& context, const wire::ListBootstrapActionsInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  if (input.marker().value_or("") != "") return bad_marker();  // at most 16: one page
  std::vector<wire::Command> actions;
  for (const cluster::BootstrapAction& action : row.wanted.bootstrap_actions) {
    wire::Command command;
    command.set_name(action.name).set_script_path(action.path).set_args(action.args);
    actions.push_back(std::move(command));
  }
  wire::ListBootstrapActionsOutput out;
  out.set_bootstrap_actions(std::move(actions));
  return out;
}

}  // namespace howdah::services::emr
