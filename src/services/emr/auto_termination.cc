// The policies of a cluster and its groups: auto-termination, which acts, and managed and automatic
// scaling, which do not yet. An absent policy is answered as {} (what Terraform takes as "none").

#include <fmt/format.h>

#include "services/emr/emr.h"
#include "services/emr/errors.h"
#include "services/emr/instance_answer.h"
#include "services/emr/request_check.h"

namespace howdah::services::emr {

base::Result<wire::PutAutoTerminationPolicyOutput> Emr::put_auto_termination_policy(
    const aws::Context& context, const wire::PutAutoTerminationPolicyInput& input) {
  const int64_t seconds = TRY(idle_timeout_of(input.auto_termination_policy()));
  TRY(change_cluster(context, input.cluster_id(),
                     [&](cluster::Wanted& wanted, const cluster::Status&) {
                       wanted.idle_timeout_seconds = seconds;
                       return base::ok();
                     }));
  return wire::PutAutoTerminationPolicyOutput();
}

base::Result<wire::GetAutoTerminationPolicyOutput> Emr::get_auto_termination_policy(
    const aws::Context& context, const wire::GetAutoTerminationPolicyInput& input) {
  const store::ClusterRow row = TRY(find_cluster(context, input.cluster_id()));
  wire::GetAutoTerminationPolicyOutput out;
  if (row.wanted.idle_timeout_seconds) {
    wire::AutoTerminationPolicyBuilder policy;
    policy.set_idle_timeout(*row.wanted.idle_timeout_seconds);
    out.set_auto_termination_policy(std::move(policy));
  }
  return out;
}

base::Result<wire::RemoveAutoTerminationPolicyOutput> Emr::remove_auto_termination_policy(
    const aws::Context& context, const wire::RemoveAutoTerminationPolicyInput& input) {
  TRY(change_cluster(context, input.cluster_id(),
                     [](cluster::Wanted& wanted, const cluster::Status&) {
                       wanted.idle_timeout_seconds.reset();
                       return base::ok();
                     }));
  return wire::RemoveAutoTerminationPolicyOutput();
}

base::Result<wire::PutManagedScalingPolicyOutput> Emr::put_managed_scaling_policy(
    const aws::Context& context, const wire::PutManagedScalingPolicyInput& input) {
  TRY(find_cluster(context, input.cluster_id()));
  return validation(
      "Managed scaling is refused: clusters are not scaled by policies here yet. Resize them with "
      "ModifyInstanceGroups or ModifyInstanceFleet.");
}

base::Result<wire::GetManagedScalingPolicyOutput> Emr::get_managed_scaling_policy(
    const aws::Context& context, const wire::GetManagedScalingPolicyInput& input) {
  TRY(find_cluster(context, input.cluster_id()));
  return wire::GetManagedScalingPolicyOutput();
}

base::Result<wire::RemoveManagedScalingPolicyOutput> Emr::remove_managed_scaling_policy(
    const aws::Context& context, const wire::RemoveManagedScalingPolicyInput& input) {
  TRY(find_cluster(context, input.cluster_id()));
  return wire::RemoveManagedScalingPolicyOutput();
}

base::Result<wire::PutAutoScalingPolicyOutput> Emr::put_auto_scaling_policy(
    const aws::Context& context, const wire::PutAutoScalingPolicyInput& input) {
  TRY(find_group(context, input.cluster_id(), input.instance_group_id()));
  return validation(
      "Automatic scaling is refused: instance groups are not scaled by policies here yet. Resize "
      "them with ModifyInstanceGroups.");
}

// No group has a policy: it is as the caller wants it to be.
base::Result<wire::RemoveAutoScalingPolicyOutput> Emr::remove_auto_scaling_policy(
    const aws::Context& context, const wire::RemoveAutoScalingPolicyInput& input) {
  TRY(find_group(context, input.cluster_id(), input.instance_group_id()));
  return wire::RemoveAutoScalingPolicyOutput();
}

base::Status Emr::find_group(const aws::Context& context, std::string_view cluster_id,
                             std::string_view group_id) {
  const store::ClusterRow row = TRY(find_cluster(context, cluster_id));
  for (const cluster::Group& group : row.wanted.groups) {
    if (group.id == group_id) return base::ok();
  }
  return no_such_group(group_id);
}

}  // namespace howdah::services::emr
