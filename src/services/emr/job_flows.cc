// DescribeJobFlows: deprecated since 2013, and still called by old tools. What it answers is what
// DescribeCluster, ListSteps, ListInstanceGroups and ListBootstrapActions answer, in older shapes.

#include <algorithm>

#include "services/emr/cluster_answer.h"
#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/instance_answer.h"
#include "services/emr/step_request.h"

namespace howdah::services::emr {
namespace {

using cluster::State;
using cluster::StepState;

constexpr size_t kMostJobFlows = 512;
constexpr size_t kMostSteps = 256;  // of each: its newest
constexpr base::Millis kTwoMonths = std::chrono::hours(24 * 61);
constexpr base::Millis kTwoWeeks = std::chrono::hours(24 * 14);

// JobFlowExecutionState of a cluster.
std::string_view state_of(const cluster::Status& status) {
  switch (status.state) {
    case State::kTerminating:
      return "SHUTTING_DOWN";
    case State::kTerminated:
      return status.reason.code == "ALL_STEPS_COMPLETED" ? "COMPLETED" : "TERMINATED";
    case State::kTerminatedWithErrors:
      return "FAILED";
    default:
      return cluster::name_of(status.state);
  }
}

wire::JobFlowExecutionStatusDetail status_detail(const cluster::Status& status) {
  const cluster::Timeline& times = status.timeline;
  wire::JobFlowExecutionStatusDetail out;
  out.set_state(state_of(status));
  if (times.created) {
    out.set_creation_date_time(base::to_millis(*times.created))
        .set_start_date_time(base::to_millis(*times.created));
  }
  if (times.ready) out.set_ready_date_time(base::to_millis(*times.ready));
  if (times.ended) out.set_end_date_time(base::to_millis(*times.ended));
  if (!status.reason.message.empty()) out.set_last_state_change_reason(status.reason.message);
  return out;
}

wire::JobFlowInstancesDetail instances_detail(const store::ClusterRow& row,
                                              const apps::Releases& releases,
                                              const apps::InstanceTypes& types, base::Time now) {
  const std::vector<cluster::Group>& groups = row.wanted.groups;
  const std::vector<cluster::Node>& nodes = row.status.nodes;
  wire::JobFlowInstancesDetail out;
  int64_t count = 0;
  std::string slave = groups.front().instance_type;
  std::vector<wire::InstanceGroupDetail> details;
  for (const cluster::Group& group : groups) {
    count += group.count;
    if (group.role == cluster::Role::kCore) slave = group.instance_type;
    if (!group.fleet) details.push_back(group_detail(row, group));
  }
  out.set_master_instance_type(groups.front().instance_type)
      .set_slave_instance_type(slave)
      .set_instance_count(count)
      .set_instance_groups(std::move(details))
      .set_normalized_instance_hours(normalized_instance_hours(row, types, now))
      .set_keep_job_flow_alive_when_no_steps(row.wanted.keep_alive)
      .set_termination_protected(row.wanted.termination_protected);
  if (const cluster::Node* primary = primary_in(nodes, groups)) {
    out.set_master_instance_id(primary->instance_id);
    if (const std::string address = public_address(*primary); !address.empty())
      out.set_master_public_dns_name(address);
  }
  if (const base::JsonObject* asked = base::find_object(row.request, "Instances")) {
    for (const char* name :
         {"Ec2KeyName", "Ec2SubnetId", "Placement", "UnhealthyNodeReplacement"}) {
      copy_member(*asked, out.raw(), name);
    }
  }
  if (const apps::Release* release = releases.find(row.wanted.release_label)) {
    for (const auto& [name, version] : release->applications) {
      if (name == "Hadoop") out.set_hadoop_version(version);
    }
  }
  return out;
}

wire::StepDetail step_detail(const store::StepRow& row) {
  const cluster::Step& step = row.step;
  wire::StepExecutionStatusDetail status;
  const StepState state =
      step.state == StepState::kCancelPending ? StepState::kRunning : step.state;
  status.set_state(cluster::name_of(state));
  if (step.timeline.created) status.set_creation_date_time(base::to_millis(*step.timeline.created));
  if (step.timeline.ready) status.set_start_date_time(base::to_millis(*step.timeline.ready));
  if (step.timeline.ended) status.set_end_date_time(base::to_millis(*step.timeline.ended));
  if (!step.reason.empty()) status.set_last_state_change_reason(step.reason);
  wire::StepDetail out;
  out.raw()["StepConfig"] = row.config;
  out.set_execution_status_detail(std::move(status));
  return out;
}

wire::JobFlowDetail job_flow_detail(const store::ClusterRow& row,
                                    const std::vector<store::StepRow>& newest_first,
                                    const apps::Releases& releases,
                                    const apps::InstanceTypes& types, base::Time now) {
  std::vector<wire::StepDetail> steps;
  for (auto step = newest_first.rbegin(); step != newest_first.rend(); ++step)
    steps.push_back(step_detail(*step));
  base::JsonArray actions;
  if (const base::JsonArray* asked = base::find_array(row.request, "BootstrapActions")) {
    for (const base::Json& action : *asked)
      actions.push_back(base::JsonObject{{"BootstrapActionConfig", action}});
  }
  wire::JobFlowDetail out;
  out.set_job_flow_id(row.key.id)
      .set_name(row.wanted.name)
      .set_execution_status_detail(status_detail(row.status))
      .set_instances(instances_detail(row, releases, types, now))
      .set_steps(std::move(steps))
      .set_bootstrap_actions(std::move(actions))
      .set_supported_products(base::JsonArray())
      .set_visible_to_all_users(row.wanted.visible_to_all_users)
      .set_scale_down_behavior("TERMINATE_AT_TASK_COMPLETION");
  for (const char* name :
       {"LogUri", "JobFlowRole", "ServiceRole", "AutoScalingRole", "ScaleDownBehavior"}) {
    copy_member(row.request, out.raw(), name);
  }
  return out;
}

// Without any filter: all that have not ended, and those of the last two weeks.
bool is_recent(const store::ClusterRow& row, base::Time now) {
  const auto created = row.status.timeline.created;
  return !cluster::is_terminal(row.status.state) || (created && now - *created <= kTwoWeeks);
}

bool is_in(const std::vector<std::string>& filter, std::string_view value) {
  return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

}  // namespace

base::Result<std::vector<store::ClusterRow>> Emr::job_flows(
    const aws::Context& context, const wire::DescribeJobFlowsInput& input) {
  const base::Time now = clock_.now();
  const std::vector<std::string> ids = input.job_flow_ids(), states = input.job_flow_states();
  for (const std::string& id : ids) {
    auto row = store_.cluster(key_of(context, id));
    if (!row.ok()) return of_job_flow(std::move(row).error(), id);
  }
  store::ClusterFilter filter;
  filter.created_after = now - kTwoMonths;
  if (const auto time = input.created_after())
    filter.created_after = std::max(*filter.created_after, base::from_millis(*time));
  if (const auto time = input.created_before()) filter.created_before = base::from_millis(*time);
  const bool any =
      ids.empty() && states.empty() && !input.created_after() && !input.created_before();
  std::vector<store::ClusterRow> out;
  std::string marker;
  do {
    auto page = TRY(store_.clusters(context.account, context.region, filter, marker, 100));
    for (store::ClusterRow& row : page.rows) {
      if (out.size() == kMostJobFlows) return out;
      if (!is_in(ids, row.key.id) || !is_in(states, state_of(row.status))) continue;
      if (!any || is_recent(row, now)) out.push_back(std::move(row));
    }
    marker = page.next;
  } while (!marker.empty());
  return out;
}

base::Result<wire::DescribeJobFlowsOutput> Emr::describe_job_flows(
    const aws::Context& context, const wire::DescribeJobFlowsInput& input) {
  const std::vector<store::ClusterRow> rows = TRY(job_flows(context, input));
  std::vector<wire::JobFlowDetail> found;
  for (const store::ClusterRow& row : rows) {
    const auto steps = TRY(store_.steps(row.key, {}, {}, "", kMostSteps));
    found.push_back(job_flow_detail(row, steps.rows, releases_, instance_types_, clock_.now()));
  }
  wire::DescribeJobFlowsOutput out;
  out.set_job_flows(std::move(found));
  return out;
}

}  // namespace howdah::services::emr
