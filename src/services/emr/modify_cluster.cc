// TerminateJobFlows, ModifyCluster and the Set… operations: what is wanted of clusters that there
// are.

#include <fmt/format.h>

#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/request_check.h"

namespace howdah::services::emr {

base::Result<wire::TerminateJobFlowsOutput> Emr::terminate_job_flows(
    const aws::Context& context, const wire::TerminateJobFlowsInput& input) {
  const std::vector<std::string> ids = input.job_flow_ids();
  if (ids.size() > 10) return validation("The maximum number of clusters allowed is 10.");
  TRY(change_job_flows(
      context, ids,
      [&](cluster::Wanted& wanted, const cluster::Status&) -> base::Status {
        if (wanted.termination_protected) {
          return validation(
              "Could not shut down one or more job flows since they are termination protected.");
        }
        wanted.terminate = context.principal_arn;
        return base::ok();
      },
      true));
  return wire::TerminateJobFlowsOutput();
}

base::Result<wire::ModifyClusterOutput> Emr::modify_cluster(const aws::Context& context,
                                                            const wire::ModifyClusterInput& input) {
  const auto level = input.step_concurrency_level();
  if (level && (*level < 1 || *level > 256)) {
    return invalid_request(
        fmt::format("Step concurrency level {} is not valid: it must be from 1 to 256.", *level));
  }
  wire::ModifyClusterOutput out;
  TRY(change_cluster(context, input.cluster_id(),
                     [&](cluster::Wanted& wanted, const cluster::Status&) {
                       if (level) wanted.step_concurrency = static_cast<int>(*level);
                       out.set_step_concurrency_level(wanted.step_concurrency);
                       return base::ok();
                     }));
  if (const auto extended = input.extended_support()) {
    out.set_extended_support(*extended);
    TRY(store_.warn(key_of(context, input.cluster_id()),
                    "ModifyCluster: ExtendedSupport is accepted without effect."));
  }
  return out;
}

base::Result<wire::SetTerminationProtectionOutput> Emr::set_termination_protection(
    const aws::Context& context, const wire::SetTerminationProtectionInput& input) {
  TRY(change_job_flows(context, input.job_flow_ids(),
                       [&](cluster::Wanted& wanted, const cluster::Status&) {
                         wanted.termination_protected = input.termination_protected();
                         return base::ok();
                       }));
  return wire::SetTerminationProtectionOutput();
}

base::Result<wire::SetKeepJobFlowAliveWhenNoStepsOutput> Emr::set_keep_job_flow_alive_when_no_steps(
    const aws::Context& context, const wire::SetKeepJobFlowAliveWhenNoStepsInput& input) {
  TRY(change_job_flows(context, input.job_flow_ids(),
                       [&](cluster::Wanted& wanted, const cluster::Status&) {
                         wanted.keep_alive = input.keep_job_flow_alive_when_no_steps();
                         return base::ok();
                       }));
  return wire::SetKeepJobFlowAliveWhenNoStepsOutput();
}

base::Result<wire::SetVisibleToAllUsersOutput> Emr::set_visible_to_all_users(
    const aws::Context& context, const wire::SetVisibleToAllUsersInput& input) {
  TRY(change_job_flows(context, input.job_flow_ids(),
                       [&](cluster::Wanted& wanted, const cluster::Status&) {
                         wanted.visible_to_all_users = input.visible_to_all_users();
                         return base::ok();
                       }));
  return wire::SetVisibleToAllUsersOutput();
}

base::Result<wire::SetUnhealthyNodeReplacementOutput> Emr::set_unhealthy_node_replacement(
    const aws::Context& context, const wire::SetUnhealthyNodeReplacementInput& input) {
  TRY(change_job_flows(context, input.job_flow_ids(),
                       [&](cluster::Wanted& wanted, const cluster::Status&) {
                         wanted.unhealthy_node_replacement = input.unhealthy_node_replacement();
                         return base::ok();
                       }));
  if (input.unhealthy_node_replacement()) {
    for (const std::string& id : input.job_flow_ids()) {
      TRY(store_.warn(key_of(context, id),
                      fmt::format("UnhealthyNodeReplacement is accepted without effect: {}.",
                                  kUnhealthyNodes)));
    }
  }
  return wire::SetUnhealthyNodeReplacementOutput();
}

}  // namespace howdah::services::emr
