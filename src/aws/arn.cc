#include "aws/arn.h"

#include <fmt/format.h>

namespace howdah::aws {

std::optional<Arn> parse_arn(std::string_view text) {
  std::string_view parts[5];
  for (std::string_view& part : parts) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[1].empty() || parts[2].empty() || text.empty())
    return std::nullopt;
  return Arn{std::string(parts[1]), std::string(parts[2]), std::string(parts[3]),
             std::string(parts[4]), std::string(text)};
}

std::string to_text(const Arn& arn) {
  return fmt::format("arn:{}:{}:{}:{}:{}", arn.partition, arn.service, arn.region, arn.account,
                     arn.resource);
}

std::string iam_arn(std::string_view account, std::string_view resource) {
  return fmt::format("arn:aws:iam::{}:{}", account, resource);
}

std::string cluster_arn(std::string_view region, std::string_view account,
                        std::string_view cluster_id) {
  return fmt::format("arn:aws:elasticmapreduce:{}:{}:cluster/{}", region, account, cluster_id);
}

std::string s3_arn(std::string_view bucket, std::string_view key) {
  return key.empty() ? fmt::format("arn:aws:s3:::{}", bucket)
                     : fmt::format("arn:aws:s3:::{}/{}", bucket, key);
}

std::string assumed_role_arn(std::string_view account, std::string_view role,
                             std::string_view session) {
  return fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account, role, session);
}

}  // namespace howdah::aws
