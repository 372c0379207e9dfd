// A job's role credentials, as the AWS SDKs fetch them from AWS_CONTAINER_CREDENTIALS_FULL_URI (AWS
// SDKs and Tools Reference Guide, "Container credential provider").

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "services/howdah/answers.h"
#include "services/howdah/howdah.h"
#include "store/iam/node_profile.h"

namespace howdah::services {
namespace {

constexpr std::chrono::seconds kLifetime{3600};

}  // namespace

std::string credentials_path(const cluster::Key& key, const std::string& subject) {
  return fmt::format("/_howdah/credentials/{}/{}/{}", key.region, key.id, subject);
}

std::string credentials_token(std::string_view secret, std::string_view path) {
  return base::to_hex(base::hmac_sha256(secret, path));
}

http::Response Howdah::credentials(http::Request& request) {
  const std::string_view token = request.headers.value_or("Authorization", "");
  if (!base::equals_in_constant_time(token, credentials_token(o_.secret, request.path))) {
    return error_answer({base::Code::kPermissionDenied,
                         "This token is not for these credentials.",
                         "AccessDenied",
                         {}});
  }
  const std::vector<std::string_view> parts = base::split(request.path, '/');
  if (parts.size() != 6) return error_answer(base::not_found("No such credentials."));
  const cluster::Key key{o_.account, std::string(parts[3]), std::string(parts[4])};
  const std::string subject(parts[5]);
  const auto row = o_.store.cluster(key);
  if (!row.ok()) return error_answer(row.error());
  if (cluster::is_terminal(row->status.state)) {
    return error_answer(
        {base::Code::kPermissionDenied, "The cluster has ended.", "AccessDenied", {}});
  }
  std::string role;
  if (subject != "node") {
    const auto step = o_.store.step(key, subject);
    if (!step.ok()) return error_answer(step.error());
    role = store::iam::name_in(step->step.execution_role);
  }
  if (role.empty()) {
    const auto found = store::iam::profile_of_nodes(o_.iam, row->wanted.job_flow_role);
    if (!found.ok()) return error_answer(found.error());
    if (!found->role)
      return error_answer(
          base::not_found(fmt::format("Instance profile {} has no role.", found->name)));
    role = found->role->name;
  }
  const auto minted = o_.iam.mint_session(
      role, subject == "node" ? cluster::instance_id(row->as_cluster()) : subject, kLifetime);
  if (!minted.ok()) return error_answer(minted.error());
  return json_answer({{"AccessKeyId", minted->access_key_id},
                      {"SecretAccessKey", minted->secret},
                      {"Token", minted->session_token},
                      {"Expiration", base::to_iso8601(minted->expires)},
                      {"RoleArn", role}});
}

}  // namespace howdah::services
