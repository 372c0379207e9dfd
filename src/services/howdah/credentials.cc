// A job's role credentials, as the AWS SDKs fetch them from AWS_CONTAINER_CREDENTIALS_FULL_URI (AWS
// SDKs and Tools Reference Guide, "Container credential provider").

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "services/howdah/answers.h"
#include "services/howdah/howdah.h"
#include "store/iam/node_profile.h"
#include "store/iam/session_policies.h"

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

// A node of a cluster ("node"), or one of its steps with a role of its own.
base::Result<Howdah::JobRole> Howdah::role_of_node(const cluster::Key& key,
                                                   const std::string& subject) {
  const auto row = TRY(o_.store.cluster(key));
  if (cluster::is_terminal(row.status.state))
    return base::Error{base::Code::kPermissionDenied, "The cluster has ended.", "AccessDenied", {}};
  if (subject != "node") {
    const auto step = TRY(o_.store.step(key, subject));
    std::string own(store::iam::name_in(step.step.execution_role));
    if (!own.empty()) return JobRole{std::move(own), subject};
  }
  const auto found = TRY(store::iam::profile_of_nodes(o_.iam, row.wanted.job_flow_role));
  if (!found.role)
    return base::not_found(fmt::format("Instance profile {} has no role.", found.name));
  return JobRole{found.role->name,
                 subject == "node" ? cluster::instance_id(row.as_cluster()) : subject};
}

base::Result<Howdah::JobRole> Howdah::role_of_run(const serverless::Key& key,
                                                  const std::string& run) {
  const serverless::JobRun row = TRY(o_.serverless.run(key, run));
  if (serverless::is_terminal(row.status.state))
    return base::Error{base::Code::kPermissionDenied, "The job run has ended.", "AccessDenied", {}};
  const base::JsonObject& cut = row.wanted.execution_policy;
  return JobRole{std::string(store::iam::name_in(row.wanted.execution_role)), run,
                 TRY(store::iam::session_policies(o_.iam, base::text_at(cut, "policy"),
                                                  base::texts_at(cut, "policyArns")))};
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
  const job::Key key{o_.account, std::string(parts[3]), std::string(parts[4])};
  const std::string subject(parts[5]);
  const auto found =
      key.id.starts_with("j-") ? role_of_node(key, subject) : role_of_run(key, subject);
  if (!found.ok()) return error_answer(found.error());
  const auto minted = o_.iam.mint_session(found->role, found->session, kLifetime, found->policies);
  if (!minted.ok()) return error_answer(minted.error());
  return json_answer({{"AccessKeyId", minted->access_key_id},
                      {"SecretAccessKey", minted->secret},
                      {"Token", minted->session_token},
                      {"Expiration", base::to_iso8601(minted->expires)},
                      {"RoleArn", found->role}});
}

}  // namespace howdah::services
