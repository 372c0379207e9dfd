#include "distcp/credentials.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/json.h"
#include "base/text.h"
#include "http/client.h"

namespace howdah::distcp {
namespace {

constexpr std::chrono::minutes kEarly{5};
constexpr std::chrono::milliseconds kPatience{5000};
constexpr std::string_view kMetadata = "http://169.254.169.254";

base::Error none(std::string message) {
  return {base::Code::kUnauthenticated, std::move(message), {}, {}};
}

base::Result<std::string> fetch(std::string method, std::string url,
                                std::pair<std::string, std::string> header) {
  http::Client client;
  http::ClientRequest request{.method = std::move(method), .url = std::move(url)};
  request.timeout = kPatience;
  if (!header.second.empty()) request.headers.add(header.first, header.second);
  const auto answer = TRY(client.send(request));
  if (answer.status != 200) {
    return base::unavailable(fmt::format("{} answered {}", request.url, answer.status));
  }
  return answer.body;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

Credentials::Credentials(Environment environment, base::Clock& clock, std::string region)
    : environment_(std::move(environment)), clock_(clock), region_(std::move(region)) {}

base::Result<aws::SigningKey> Credentials::key(const std::string& rejected) {
  std::lock_guard lock(mutex_);
  const bool fresh = key_ && (!expires_ || clock_.now() + kEarly < *expires_) &&
                     (rejected.empty() || key_->access_key_id != rejected);
  if (fresh) return *key_;
  const auto id = environment_("AWS_ACCESS_KEY_ID");
  const auto secret = environment_("AWS_SECRET_ACCESS_KEY");
  if (id && secret) {
    const std::string token = environment_("AWS_SESSION_TOKEN").value_or("");
    key_ = aws::SigningKey{*id, *secret, token, region_, "s3"};
    return *key_;
  }
  const auto container = environment_("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  key_ = TRY(container ? from_container(*container) : from_metadata());
  return *key_;
}

base::Result<aws::SigningKey> Credentials::from_container(const std::string& url) {
  const std::string token = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  auto body = fetch("GET", url, {"Authorization", token});
  if (!body.ok()) {
    return none(fmt::format("no credentials from AWS_CONTAINER_CREDENTIALS_FULL_URI ({}): {}", url,
                            body.error().message));
  }
  return parse(*body, url);
}

base::Result<aws::SigningKey> Credentials::from_metadata() {
  const std::string advice =
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
      "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  if (environment_("AWS_EC2_METADATA_DISABLED").value_or("") == "true") {
    return none("there are no credentials: " + advice);
  }
  std::string root =
      environment_("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or(std::string(kMetadata));
  while (root.ends_with('/')) root.pop_back();
  auto found = [&]() -> base::Result<std::string> {
    const std::string token = TRY(fetch("PUT", root + "/latest/api/token",
                                        {"X-aws-ec2-metadata-token-ttl-seconds", "21600"}));
    const std::string roles = root + "/latest/meta-data/iam/security-credentials/";
    const std::string listed = TRY(fetch("GET", roles, {"X-aws-ec2-metadata-token", token}));
    const std::string role(base::trim(listed.substr(0, listed.find('\n'))));
    return fetch("GET", roles + role, {"X-aws-ec2-metadata-token", token});
  }();
  if (!found.ok()) {
    return none(
        fmt::format("no credentials: none in the environment, and the instance metadata "
                    "service gives none ({}); {}",
                    found.error().message, advice));
  }
  return parse(*found, root);
}

base::Result<aws::SigningKey> Credentials::parse(std::string_view body, std::string_view where) {
  auto parsed = base::parse_json(body);
  if (!parsed.ok() || !parsed->is_object()) {
    return none(fmt::format("{} did not answer with credentials", where));
  }
  const base::JsonObject& object = parsed->as_object();
  aws::SigningKey key;
  key.access_key_id = base::text_at(object, "AccessKeyId");
  key.secret = base::text_at(object, "SecretAccessKey");
  key.session_token = base::text_at(object, "Token");
  key.region = region_;
  key.service = "s3";
  if (key.access_key_id.empty() || key.secret.empty()) {
    return none(fmt::format("{} did not answer with credentials", where));
  }
  expires_ = base::parse_iso8601(base::text_at(object, "Expiration"));
  return key;
}

}  // namespace howdah::distcp
