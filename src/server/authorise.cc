#include "server/authorise.h"

#include <fmt/format.h>

#include "base/json.h"

namespace howdah::server {
namespace {

using base::JsonObject;

std::vector<std::string> of_s3(const JsonObject& input) {
  const std::string_view bucket = base::text_at(input, "Bucket");
  if (bucket.empty()) return {"*"};
  const std::string arn = fmt::format("arn:aws:s3:::{}", bucket);
  if (const std::string_view key = base::text_at(input, "Key"); !key.empty())
    return {fmt::format("{}/{}", arn, key)};
  // DeleteObjects: s3:DeleteObject is about each of them.
  std::vector<std::string> out;
  if (const JsonObject* remove = base::find_object(input, "Delete")) {
    if (const base::JsonArray* objects = base::find_array(*remove, "Objects")) {
      for (const base::Json& object : *objects) {
        if (object.is_object())
          out.push_back(fmt::format("{}/{}", arn, base::text_at(object.get_object(), "Key")));
      }
    }
  }
  if (!out.empty()) return out;
  return {arn};
}

std::vector<std::string> of_emr(const JsonObject& input, const std::string& region,
                                const std::string& account) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view id) {
    if (!id.empty())
      out.push_back(fmt::format("arn:aws:elasticmapreduce:{}:{}:cluster/{}", region, account, id));
  };
  for (const char* member : {"ClusterId", "JobFlowId", "ResourceId"})
    add(base::text_at(input, member));
  for (const std::string& id : base::texts_at(input, "JobFlowIds")) add(id);
  if (out.empty()) out.push_back("*");
  return out;
}

// Groups are named with the ":*" that policies write behind them, streams by their own names
// (Service Authorization Reference, "Amazon CloudWatch Logs").
std::vector<std::string> of_logs(const JsonObject& input, const std::string& region,
                                 const std::string& account) {
  for (const char* member : {"logGroupIdentifier", "resourceArn"}) {
    if (const std::string_view arn = base::text_at(input, member); arn.starts_with("arn:"))
      return {std::string(arn) + (arn.ends_with(":*") ? "" : ":*")};
  }
  std::string_view group = base::text_at(input, "logGroupName");
  if (group.empty()) group = base::text_at(input, "logGroupIdentifier");
  if (group.empty()) return {"*"};
  const std::string arn = fmt::format("arn:aws:logs:{}:{}:log-group:{}", region, account, group);
  const std::string_view stream = base::text_at(input, "logStreamName");
  return {stream.empty() ? arn + ":*" : fmt::format("{}:log-stream:{}", arn, stream)};
}

// Service authorization reference of EMR Serverless: most actions are about an application, some
// about one of its job runs. CreateApplication and ListApplications are about none.
std::vector<std::string> of_emr_serverless(const aws::Operation& operation, const JsonObject& input,
                                           const std::string& region, const std::string& account) {
  if (const std::string_view arn = base::text_at(input, "resourceArn"); !arn.empty())
    return {std::string(arn)};
  const std::string_view application = base::text_at(input, "applicationId");
  if (application.empty()) return {"*"};
  const std::string arn =
      fmt::format("arn:aws:emr-serverless:{}:{}:/applications/{}", region, account, application);
  const std::string_view run = base::text_at(input, "jobRunId");
  if (!run.empty()) return {fmt::format("{}/jobruns/{}", arn, run)};
  std::string_view session = base::text_at(input, "sessionId");
  if (operation.name == std::string_view("GetResourceDashboard"))
    session = base::text_at(input, "resourceId");
  if (!session.empty()) return {fmt::format("{}/sessions/{}", arn, session)};
  return {arn};
}

}  // namespace

std::vector<std::string> resources_of(const aws::Service& service, const aws::Operation& operation,
                                      const JsonObject& input, const std::string& region,
                                      const std::string& account) {
  const std::string_view name = service.name;
  if (name == "s3") return of_s3(input);
  if (name == "emr") return of_emr(input, region, account);
  if (name == "logs") return of_logs(input, region, account);
  if (name == "emr-serverless") return of_emr_serverless(operation, input, region, account);
  if (name == "sts") {
    if (const std::string_view role = base::text_at(input, "RoleArn"); !role.empty())
      return {std::string(role)};
  }
  return {"*"};
}

}  // namespace howdah::server
