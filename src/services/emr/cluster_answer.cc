#include "services/emr/cluster_answer.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "services/emr/instance_answer.h"

namespace howdah::services::emr {
namespace {

namespace wire = aws::emr;

const base::JsonObject kNothing;

const base::JsonObject& object_in(const base::JsonObject& from, std::string_view key) {
  const base::JsonObject* found = base::find_object(from, key);
  return found ? *found : kNothing;
}

// AWS answers these lists even when they are empty.
void copy_list(const base::JsonObject& from, base::JsonObject& to, std::string_view name) {
  const base::JsonArray* found = base::find_array(from, name);
  to[name] = found ? *found : base::JsonArray();
}

wire::Ec2InstanceAttributes ec2_attributes(const store::ClusterRow& row) {
  const base::JsonObject& asked = object_in(row.request, "Instances");
  const base::JsonObject& placement = object_in(asked, "Placement");
  wire::Ec2InstanceAttributes out;
  base::JsonObject& raw = out.raw();
  copy_member(asked, raw, "Ec2KeyName");
  copy_member(asked, raw, "Ec2SubnetId");
  std::vector<std::string> subnets = base::texts_at(asked, "Ec2SubnetIds");
  if (!raw.contains("Ec2SubnetId") && subnets.size() == 1) out.set_ec2_subnet_id(subnets[0]);
  if (subnets.empty() && raw.contains("Ec2SubnetId"))
    subnets = {std::string(base::text_at(raw, "Ec2SubnetId"))};
  out.set_requested_ec2_subnet_ids(subnets);
  std::vector<std::string> zones = base::texts_at(placement, "AvailabilityZones");
  const std::string_view zone = base::text_at(placement, "AvailabilityZone");
  if (zones.empty() && !zone.empty()) zones = {std::string(zone)};
  out.set_ec2_availability_zone(zones.empty() ? row.key.region + "a" : zones[0]);
  out.set_requested_ec2_availability_zones(zones);
  copy_member(row.request, raw, "JobFlowRole", "IamInstanceProfile");
  for (const char* group : {"EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup",
                            "ServiceAccessSecurityGroup"}) {
    copy_member(asked, raw, group);
  }
  copy_list(asked, raw, "AdditionalMasterSecurityGroups");
  copy_list(asked, raw, "AdditionalSlaveSecurityGroups");
  return out;
}

// The version is the one that runs here (apps/releases.h).
std::vector<wire::ApplicationBuilder> applications_answer(const store::ClusterRow& row,
                                                          const apps::Releases& releases) {
  std::vector<wire::ApplicationBuilder> out;
  const apps::Release* release = releases.find(row.wanted.release_label);
  for (const std::string& name : row.wanted.applications) {
    wire::ApplicationBuilder application;
    application.set_name(name);
    if (release) {
      for (const auto& [known, version] : release->applications) {
        if (known == name && !version.empty()) application.set_version(version);
      }
    }
    if (const base::JsonArray* asked = base::find_array(row.request, "Applications")) {
      for (const base::Json& item : *asked) {
        const base::JsonObject* object = item.if_object();
        if (object && base::equals_ignore_case(base::text_at(*object, "Name"), name)) {
          copy_member(*object, application.raw(), "Args");
          copy_member(*object, application.raw(), "AdditionalInfo");
        }
      }
    }
    out.push_back(std::move(application));
  }
  return out;
}

template <typename Timeline>
Timeline timeline_answer(const cluster::Timeline& from) {
  Timeline out;
  if (from.created) out.set_creation_date_time(base::to_millis(*from.created));
  if (from.ready) out.set_ready_date_time(base::to_millis(*from.ready));
  if (from.ended) out.set_end_date_time(base::to_millis(*from.ended));
  return out;
}

}  // namespace

void copy_member(const base::JsonObject& from, base::JsonObject& to, std::string_view name,
                 std::string_view as) {
  if (const base::Json* value = base::find(from, name)) to[as.empty() ? name : as] = *value;
}

wire::ClusterStatus cluster_status(const cluster::Status& status) {
  wire::ClusterStateChangeReason reason;
  if (!status.reason.code.empty()) reason.set_code(status.reason.code);
  if (!status.reason.message.empty()) reason.set_message(status.reason.message);
  wire::ClusterStatus out;
  out.set_state(cluster::name_of(status.state))
      .set_state_change_reason(std::move(reason))
      .set_timeline(timeline_answer<wire::ClusterTimeline>(status.timeline));
  if (!status.errors.empty()) {
    std::vector<wire::ErrorDetail> errors;
    for (const cluster::ErrorDetail& error : status.errors) {
      base::JsonObject data;
      for (const auto& [key, value] : error.data) {
        if (!value.empty()) data[key] = value;
      }
      wire::ErrorDetail detail;
      detail.set_error_code(error.code)
          .set_error_data(base::JsonArray{std::move(data)})
          .set_error_message(error.message);
      errors.push_back(std::move(detail));
    }
    out.set_error_details(std::move(errors));
  }
  return out;
}

int64_t normalized_instance_hours(const store::ClusterRow& row, const apps::InstanceTypes& types,
                                  base::Time now) {
  int64_t sum = 0;
  for (const cluster::Node& node : row.status.nodes) {
    const apps::InstanceType* type = types.find(node.instance_type);
    if (!node.timeline.ready || !type) continue;
    const double hours = std::chrono::duration<double, std::ratio<3600>>(
                             node.timeline.ended.value_or(now) - *node.timeline.ready)
                             .count();
    sum += type->normalization_factor * static_cast<int64_t>(std::max(1.0, std::ceil(hours)));
  }
  return sum;
}

base::JsonArray tags_answer(const cluster::Wanted& wanted) {
  base::JsonArray out;
  for (const auto& [key, value] : wanted.tags)
    out.push_back(base::JsonObject{{"Key", key}, {"Value", value}});
  return out;
}

wire::Cluster cluster_answer(const store::ClusterRow& row, const apps::Releases& releases,
                             const apps::InstanceTypes& types, base::Time now) {
  const cluster::Wanted& wanted = row.wanted;
  const std::vector<cluster::Group>& groups = row.wanted.groups;
  const std::vector<cluster::Node>& nodes = row.status.nodes;
  wire::Cluster out;
  out.set_id(row.key.id)
      .set_name(wanted.name)
      .set_status(cluster_status(row.status))
      .set_ec2_instance_attributes(ec2_attributes(row))
      .set_instance_collection_type(uses_fleets(groups) ? "INSTANCE_FLEET" : "INSTANCE_GROUP")
      .set_release_label(wanted.release_label)
      .set_auto_terminate(!wanted.keep_alive)
      .set_termination_protected(wanted.termination_protected)
      .set_visible_to_all_users(wanted.visible_to_all_users)
      .set_applications(applications_answer(row, releases))
      .set_tags(tags_answer(wanted))
      .set_normalized_instance_hours(normalized_instance_hours(row, types, now))
      .set_cluster_arn(cluster::cluster_arn(row.key))
      .set_step_concurrency_level(wanted.step_concurrency);
  base::JsonObject& raw = out.raw();
  const base::JsonArray* configurations = base::find_array(row.request, "Configurations");
  raw["Configurations"] = configurations ? *configurations : base::JsonArray();
  raw["ScaleDownBehavior"] = "TERMINATE_AT_TASK_COMPLETION";  // AWS's default since emr-5.10.0
  for (const char* name : {"LogUri", "ServiceRole", "AutoScalingRole", "ScaleDownBehavior",
                           "EbsRootVolumeSize", "EbsRootVolumeIops", "EbsRootVolumeThroughput",
                           "RepoUpgradeOnBoot", "ExtendedSupport", "MonitoringConfiguration"}) {
    copy_member(row.request, raw, name);
  }
  copy_member(row.request, raw, "PlacementGroupConfigs", "PlacementGroups");
  copy_member(row.request, raw, "OSReleaseLabel");
  const apps::Release* release = releases.find(wanted.release_label);
  if (!raw.contains("OSReleaseLabel") && release && !release->os_releases.empty()) {
    out.set_os_release_label(release->os_releases.front());
  }
  if (wanted.unhealthy_node_replacement)
    out.set_unhealthy_node_replacement(*wanted.unhealthy_node_replacement);
  const cluster::Node* primary = primary_in(nodes, groups);
  if (const std::string address = primary ? public_address(*primary) : ""; !address.empty())
    out.set_master_public_dns_name(address);
  return out;
}

wire::ClusterSummary cluster_summary(const store::ClusterRow& row, const apps::InstanceTypes& types,
                                     base::Time now) {
  wire::ClusterSummary out;
  out.set_id(row.key.id)
      .set_name(row.wanted.name)
      .set_status(cluster_status(row.status))
      .set_normalized_instance_hours(normalized_instance_hours(row, types, now))
      .set_cluster_arn(cluster::cluster_arn(row.key));
  return out;
}

}  // namespace howdah::services::emr
