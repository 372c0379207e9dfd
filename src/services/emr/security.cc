// What promises security is refused until it acts: security configurations, block public access.

#include <fmt/format.h>

#include "services/emr/emr.h"
#include "services/emr/errors.h"

namespace howdah::services::emr {

base::Result<wire::CreateSecurityConfigurationOutput> Emr::create_security_configuration(
    const aws::Context&, const wire::CreateSecurityConfigurationInput&) {
  return invalid_request(
      "Security configurations are refused: encryption, Kerberos and Lake Formation do not act on "
      "clusters here yet, and "
      "a configuration that is only stored would promise them.",
      "NotSupported");
}

base::Result<wire::DescribeSecurityConfigurationOutput> Emr::describe_security_configuration(
    const aws::Context&, const wire::DescribeSecurityConfigurationInput& input) {
  return invalid_request(
      fmt::format("Security configuration with name '{}' does not exist.", input.name()),
      "NoSuchSecurityConfiguration");
}

base::Result<wire::DeleteSecurityConfigurationOutput> Emr::delete_security_configuration(
    const aws::Context&, const wire::DeleteSecurityConfigurationInput& input) {
  return invalid_request(
      fmt::format("Security configuration with name '{}' does not exist.", input.name()),
      "NoSuchSecurityConfiguration");
}

base::Result<wire::ListSecurityConfigurationsOutput> Emr::list_security_configurations(
    const aws::Context&, const wire::ListSecurityConfigurationsInput&) {
  wire::ListSecurityConfigurationsOutput out;
  out.set_security_configurations(base::JsonArray());
  return out;
}

// Nothing is blocked: a node's ports are those of this host, which listens where its user lets it.
base::Result<wire::GetBlockPublicAccessConfigurationOutput>
Emr::get_block_public_access_configuration(const aws::Context& context,
                                           const wire::GetBlockPublicAccessConfigurationInput&) {
  wire::BlockPublicAccessConfigurationBuilder configuration;
  configuration.set_block_public_security_group_rules(false);
  wire::BlockPublicAccessConfigurationMetadata metadata;
  metadata.set_creation_date_time(0).set_created_by_arn("arn:aws:iam::" + context.account +
                                                        ":root");
  wire::GetBlockPublicAccessConfigurationOutput out;
  out.set_block_public_access_configuration(std::move(configuration))
      .set_block_public_access_configuration_metadata(std::move(metadata));
  return out;
}

base::Result<wire::PutBlockPublicAccessConfigurationOutput>
Emr::put_block_public_access_configuration(
    const aws::Context&, const wire::PutBlockPublicAccessConfigurationInput& input) {
  const auto configuration = input.block_public_access_configuration();
  if (!configuration.block_public_security_group_rules())
    return wire::PutBlockPublicAccessConfigurationOutput();
  return invalid_request(
      "Block public access is refused: there are no security groups here that it could act on. "
      "Listen on loopback "
      "(the default) to keep others out.",
      "NotSupported");
}

}  // namespace howdah::services::emr
