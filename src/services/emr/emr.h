#pragma once

// Amazon EMR (on EC2): every operation validates, writes what is wanted into the store and answers;
// the control loop does the rest. One file an operation group beside this header. Ownership:
// borrows all it is given. Threads: concurrent calls allowed. Failure: as AWS answers it
// (errors.h).

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/instance_types.h"
#include "apps/releases.h"
#include "aws/emr/api.h"
#include "base/clock.h"
#include "base/ids.h"
#include "services/emr/waiters.h"
#include "store/control/control_store.h"
#include "store/iam/iam.h"

namespace howdah::services::emr {

namespace wire = aws::emr;

class Emr final : public wire::Api {
 public:
  Emr(store::ControlStore& store, store::iam::Iam& iam, const apps::Releases& releases,
      const apps::InstanceTypes& instance_types, base::Ids& ids, base::Clock& clock);

  base::Result<aws::Answer> call(const aws::Operation& operation, const aws::Context& context,
                                 const base::JsonObject& input, http::BodyReader* body) override;

  // run_job_flow.cc
  base::Result<wire::RunJobFlowOutput> run_job_flow(const aws::Context&,
                                                    const wire::RunJobFlowInput&) override;

  // describe_cluster.cc
  base::Result<wire::DescribeClusterOutput> describe_cluster(
      const aws::Context&, const wire::DescribeClusterInput&) override;
  base::Result<wire::ListClustersOutput> list_clusters(const aws::Context&,
                                                       const wire::ListClustersInput&) override;
  base::Result<wire::ListBootstrapActionsOutput> list_bootstrap_actions(
      const aws::Context&, const wire::ListBootstrapActionsInput&) override;

  // job_flows.cc
  base::Result<wire::DescribeJobFlowsOutput> describe_job_flows(
      const aws::Context&, const wire::DescribeJobFlowsInput&) override;

  // modify_cluster.cc
  base::Result<wire::TerminateJobFlowsOutput> terminate_job_flows(
      const aws::Context&, const wire::TerminateJobFlowsInput&) override;
  base::Result<wire::ModifyClusterOutput> modify_cluster(const aws::Context&,
                                                         const wire::ModifyClusterInput&) override;
  base::Result<wire::SetTerminationProtectionOutput> set_termination_protection(
      const aws::Context&, const wire::SetTerminationProtectionInput&) override;
  base::Result<wire::SetKeepJobFlowAliveWhenNoStepsOutput> set_keep_job_flow_alive_when_no_steps(
      const aws::Context&, const wire::SetKeepJobFlowAliveWhenNoStepsInput&) override;
  base::Result<wire::SetVisibleToAllUsersOutput> set_visible_to_all_users(
      const aws::Context&, const wire::SetVisibleToAllUsersInput&) override;
  base::Result<wire::SetUnhealthyNodeReplacementOutput> set_unhealthy_node_replacement(
      const aws::Context&, const wire::SetUnhealthyNodeReplacementInput&) override;

  // steps.cc
  base::Result<wire::AddJobFlowStepsOutput> add_job_flow_steps(
      const aws::Context&, const wire::AddJobFlowStepsInput&) override;
  base::Result<wire::DescribeStepOutput> describe_step(const aws::Context&,
                                                       const wire::DescribeStepInput&) override;
  base::Result<wire::ListStepsOutput> list_steps(const aws::Context&,
                                                 const wire::ListStepsInput&) override;
  base::Result<wire::CancelStepsOutput> cancel_steps(const aws::Context&,
                                                     const wire::CancelStepsInput&) override;

  // instances.cc
  base::Result<wire::ListInstancesOutput> list_instances(const aws::Context&,
                                                         const wire::ListInstancesInput&) override;
  base::Result<wire::ListInstanceGroupsOutput> list_instance_groups(
      const aws::Context&, const wire::ListInstanceGroupsInput&) override;
  base::Result<wire::ListInstanceFleetsOutput> list_instance_fleets(
      const aws::Context&, const wire::ListInstanceFleetsInput&) override;

  // modify_groups.cc
  base::Result<wire::AddInstanceGroupsOutput> add_instance_groups(
      const aws::Context&, const wire::AddInstanceGroupsInput&) override;
  base::Result<wire::AddInstanceFleetOutput> add_instance_fleet(
      const aws::Context&, const wire::AddInstanceFleetInput&) override;
  base::Result<wire::ModifyInstanceGroupsOutput> modify_instance_groups(
      const aws::Context&, const wire::ModifyInstanceGroupsInput&) override;
  base::Result<wire::ModifyInstanceFleetOutput> modify_instance_fleet(
      const aws::Context&, const wire::ModifyInstanceFleetInput&) override;

  // tags.cc
  base::Result<wire::AddTagsOutput> add_tags(const aws::Context&,
                                             const wire::AddTagsInput&) override;
  base::Result<wire::RemoveTagsOutput> remove_tags(const aws::Context&,
                                                   const wire::RemoveTagsInput&) override;

  // releases.cc
  base::Result<wire::ListReleaseLabelsOutput> list_release_labels(
      const aws::Context&, const wire::ListReleaseLabelsInput&) override;
  base::Result<wire::DescribeReleaseLabelOutput> describe_release_label(
      const aws::Context&, const wire::DescribeReleaseLabelInput&) override;
  base::Result<wire::ListSupportedInstanceTypesOutput> list_supported_instance_types(
      const aws::Context&, const wire::ListSupportedInstanceTypesInput&) override;

  // auto_termination.cc
  base::Result<wire::PutAutoTerminationPolicyOutput> put_auto_termination_policy(
      const aws::Context&, const wire::PutAutoTerminationPolicyInput&) override;
  base::Result<wire::GetAutoTerminationPolicyOutput> get_auto_termination_policy(
      const aws::Context&, const wire::GetAutoTerminationPolicyInput&) override;
  base::Result<wire::RemoveAutoTerminationPolicyOutput> remove_auto_termination_policy(
      const aws::Context&, const wire::RemoveAutoTerminationPolicyInput&) override;
  base::Result<wire::PutManagedScalingPolicyOutput> put_managed_scaling_policy(
      const aws::Context&, const wire::PutManagedScalingPolicyInput&) override;
  base::Result<wire::GetManagedScalingPolicyOutput> get_managed_scaling_policy(
      const aws::Context&, const wire::GetManagedScalingPolicyInput&) override;
  base::Result<wire::RemoveManagedScalingPolicyOutput> remove_managed_scaling_policy(
      const aws::Context&, const wire::RemoveManagedScalingPolicyInput&) override;
  base::Result<wire::PutAutoScalingPolicyOutput> put_auto_scaling_policy(
      const aws::Context&, const wire::PutAutoScalingPolicyInput&) override;
  base::Result<wire::RemoveAutoScalingPolicyOutput> remove_auto_scaling_policy(
      const aws::Context&, const wire::RemoveAutoScalingPolicyInput&) override;

  // security.cc
  base::Result<wire::CreateSecurityConfigurationOutput> create_security_configuration(
      const aws::Context&, const wire::CreateSecurityConfigurationInput&) override;
  base::Result<wire::DescribeSecurityConfigurationOutput> describe_security_configuration(
      const aws::Context&, const wire::DescribeSecurityConfigurationInput&) override;
  base::Result<wire::DeleteSecurityConfigurationOutput> delete_security_configuration(
      const aws::Context&, const wire::DeleteSecurityConfigurationInput&) override;
  base::Result<wire::ListSecurityConfigurationsOutput> list_security_configurations(
      const aws::Context&, const wire::ListSecurityConfigurationsInput&) override;
  base::Result<wire::GetBlockPublicAccessConfigurationOutput> get_block_public_access_configuration(
      const aws::Context&, const wire::GetBlockPublicAccessConfigurationInput&) override;
  base::Result<wire::PutBlockPublicAccessConfigurationOutput> put_block_public_access_configuration(
      const aws::Context&, const wire::PutBlockPublicAccessConfigurationInput&) override;

 private:
  using Change = std::function<base::Status(cluster::Wanted&, const cluster::Status&)>;

  /// InvalidRequestException when there is none.
  base::Result<store::ClusterRow> find_cluster(const aws::Context& context, std::string_view id);
  /// Of one cluster that has not ended, by an operation that takes a ClusterId.
  base::Status change_cluster(const aws::Context& context, std::string_view id,
                              const Change& change);
  /// Of several, all or none, by an operation that takes JobFlowIds. `ended_too`: those that have
  /// ended are left as they are, without a complaint.
  base::Status change_job_flows(const aws::Context& context, const std::vector<std::string>& ids,
                                const Change& change, bool ended_too = false);
  /// Of one cluster, at most once however often an SDK retries the call; the warnings are events of
  /// the first time.
  base::Result<base::JsonObject> change_once(const aws::Context& context, const cluster::Key& key,
                                             std::string_view operation, const Change& change,
                                             const base::JsonObject& answer,
                                             const std::vector<std::string>& warnings);
  /// InvalidRequestException when the cluster or its group is not there.
  base::Status find_group(const aws::Context& context, std::string_view cluster_id,
                          std::string_view group_id);
  /// Newest first: those that DescribeJobFlows answers.
  base::Result<std::vector<store::ClusterRow>> job_flows(const aws::Context& context,
                                                         const wire::DescribeJobFlowsInput& input);
  /// Of a cluster that has not ended; ValidationException when no group of one has this id.
  base::Result<cluster::Key> cluster_of_group(const aws::Context& context, std::string_view id);
  base::Status change_tags(const aws::Context& context, std::string_view id,
                           const std::function<base::Status(cluster::Wanted&)>& change);
  /// A role that the request hands on: it exists and the caller may pass it.
  base::Result<std::string> check_passed_role(const aws::Context& context, std::string_view role,
                                              const base::Error& unknown);
  base::Status check_roles(const aws::Context& context, const wire::RunJobFlowInput& input);

  store::ControlStore& store_;
  store::iam::Iam& iam_;
  const apps::Releases& releases_;
  const apps::InstanceTypes& instance_types_;
  base::Ids& ids_;
  base::Clock& clock_;
  Waiters waiters_;
};

cluster::Key key_of(const aws::Context& context, std::string_view id);
/// TERMINATING, ended, or asked to terminate: nothing of it may be changed any more.
bool is_ending(const cluster::Wanted& wanted, const cluster::Status& status);

}  // namespace howdah::services::emr
