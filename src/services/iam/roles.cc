#include <fmt/format.h>

#include "services/iam/answers.h"
#include "services/iam/iam.h"
#include "services/iam/page.h"

namespace howdah::services::iam {

using base::Result;
using store::iam::Entity;
using store::iam::EntityChange;

namespace {

base::Error invalid_input(std::string message) {
  return {base::Code::kInvalidArgument, std::move(message), "InvalidInput", {}};
}

// The roles that services make for themselves, those that matter here (AWS: "Using service-linked
// roles for EMR", "… for EMR Serverless", "… for EMR on EKS").
struct ServiceLinked {
  std::string_view service;
  std::string_view role;
};
constexpr ServiceLinked kServiceLinked[] = {
    {"elasticmapreduce.amazonaws.com", "AWSServiceRoleForEMRCleanup"},
    {"ops.emr-serverless.amazonaws.com", "AWSServiceRoleForAmazonEMRServerless"},
    {"emr-containers.amazonaws.com", "AWSServiceRoleForAmazonEMRContainers"},
    {"emrwal.amazonaws.com", "AWSServiceRoleForEMRWAL"},
    {"spot.amazonaws.com", "AWSServiceRoleForEC2Spot"},
};

}  // namespace

Result<wire::CreateRoleOutput> Iam::create_role(const aws::Context&,
                                                const wire::CreateRoleInput& input) {
  Entity role;
  role.kind = Kind::kRole;
  role.name = input.role_name();
  role.path = path_in(input);
  role.trust = input.assume_role_policy_document();
  role.description = input.description().value_or("");
  role.max_session_seconds = input.max_session_duration().value_or(3600);
  role.boundary = input.permissions_boundary().value_or("");
  role.tags = TRY(tags_in(input));
  wire::CreateRoleOutput out;
  out.set_role(to_role(TRY(store_.create(std::move(role)))));
  return out;
}

Result<wire::GetRoleOutput> Iam::get_role(const aws::Context&, const wire::GetRoleInput& input) {
  wire::GetRoleOutput out;
  out.set_role(to_role(TRY(store_.role(input.role_name()))));
  return out;
}

Result<wire::ListRolesOutput> Iam::list_roles(const aws::Context&,
                                              const wire::ListRolesInput& input) {
  const auto roles = TRY(page(TRY(store_.entities(Kind::kRole, path_prefix_in(input))), input,
                              [](const Entity& role) { return role.name; }));
  wire::ListRolesOutput out;
  out.set_roles(roles.map([](const Entity& role) { return to_role(role, false); }));
  roles.close(out);
  return out;
}

Result<wire::UpdateRoleOutput> Iam::update_role(const aws::Context&,
                                                const wire::UpdateRoleInput& input) {
  EntityChange change;
  if (input.description()) change.description = std::string(*input.description());
  change.max_session_seconds = input.max_session_duration();
  TRY(store_.update(Kind::kRole, input.role_name(), change));
  return wire::UpdateRoleOutput();
}

Result<wire::UpdateRoleDescriptionOutput> Iam::update_role_description(
    const aws::Context&, const wire::UpdateRoleDescriptionInput& input) {
  EntityChange change;
  change.description = std::string(input.description());
  wire::UpdateRoleDescriptionOutput out;
  out.set_role(to_role(TRY(store_.update(Kind::kRole, input.role_name(), change))));
  return out;
}

Result<wire::UpdateAssumeRolePolicyOutput> Iam::update_assume_role_policy(
    const aws::Context&, const wire::UpdateAssumeRolePolicyInput& input) {
  EntityChange change;
  change.trust = std::string(input.policy_document());
  TRY(store_.update(Kind::kRole, input.role_name(), change));
  return wire::UpdateAssumeRolePolicyOutput();
}

Result<wire::DeleteRoleOutput> Iam::delete_role(const aws::Context&,
                                                const wire::DeleteRoleInput& input) {
  TRY(store_.remove(Kind::kRole, input.role_name()));
  return wire::DeleteRoleOutput();
}

Result<wire::PutRolePermissionsBoundaryOutput> Iam::put_role_permissions_boundary(
    const aws::Context&, const wire::PutRolePermissionsBoundaryInput& input) {
  EntityChange change;
  change.boundary = std::string(input.permissions_boundary());
  TRY(store_.update(Kind::kRole, input.role_name(), change));
  return wire::PutRolePermissionsBoundaryOutput();
}

Result<wire::DeleteRolePermissionsBoundaryOutput> Iam::delete_role_permissions_boundary(
    const aws::Context&, const wire::DeleteRolePermissionsBoundaryInput& input) {
  EntityChange change;
  change.boundary = "";
  TRY(store_.update(Kind::kRole, input.role_name(), change));
  return wire::DeleteRolePermissionsBoundaryOutput();
}

Result<wire::CreateServiceLinkedRoleOutput> Iam::create_service_linked_role(
    const aws::Context&, const wire::CreateServiceLinkedRoleInput& input) {
  for (const ServiceLinked& known : kServiceLinked) {
    if (known.service != input.aws_service_name()) continue;
    Entity role;
    role.kind = Kind::kRole;
    role.name = known.role;
    role.path = fmt::format("/aws-service-role/{}/", known.service);
    role.description = input.description().value_or("");
    role.trust = fmt::format(
        R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["sts:AssumeRole"],)"
        R"("Principal":{{"Service":["{}"]}}}}]}})",
        known.service);
    auto made = store_.create(std::move(role));
    if (!made && made.error().reason == "EntityAlreadyExists") {
      return invalid_input(fmt::format(
          "Service role name {} has been taken in this account, please try a different suffix.",
          known.role));
    }
    wire::CreateServiceLinkedRoleOutput out;
    out.set_role(to_role(TRY(std::move(made))));
    return out;
  }
  return invalid_input(
      fmt::format("The service {} has no service-linked role here; known are EMR, EMR Serverless, "
                  "EMR on EKS and EC2 Spot.",
                  input.aws_service_name()));
}

}  // namespace howdah::services::iam
