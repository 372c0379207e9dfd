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

}  // namespace

std::vector<std::string> resources_of(const aws::Service& service, const aws::Operation&,
                                      const JsonObject& input, const std::string& region,
                                      const std::string& account) {
  const std::string_view name = service.name;
  if (name == "s3") return of_s3(input);
  if (name == "emr") return of_emr(input, region, account);
  if (name == "sts") {
    if (const std::string_view role = base::text_at(input, "RoleArn"); !role.empty())
      return {std::string(role)};
  }
  return {"*"};
}

}  // namespace howdah::server
