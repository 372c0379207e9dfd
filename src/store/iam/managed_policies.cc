#include "store/iam/managed_policies.h"

#include <algorithm>

#include "base/digest.h"
#include "base/ids.h"
#include "base/json.h"
#include "store/iam/embedded.h"

namespace howdah::store::iam {

namespace {

std::string id_from(std::string_view name) {
  std::string out = "ANPA";
  for (char byte : base::digest(base::Algorithm::kSha256, name).substr(0, 17)) {
    out += base::kUpperAlnum[static_cast<unsigned char>(byte) % base::kUpperAlnum.size()];
  }
  return out;
}

std::vector<AwsPolicy> load_all() {
  std::vector<AwsPolicy> out;
  for (size_t i = 0; i < kEmbeddedPolicyCount; ++i) {
    const auto json = base::parse_json(kEmbeddedPolicies[i].text);
    CHECK(json.ok() && json->is_object());
    const base::JsonObject& file = json->get_object();
    const base::Json* document = base::find(file, "Document");
    CHECK(document != nullptr);
    AwsPolicy policy;
    policy.name = kEmbeddedPolicies[i].name;
    policy.path = base::text_at(file, "Path", "/");
    policy.arn = "arn:aws:iam::aws:policy" + policy.path + policy.name;
    policy.id = id_from(policy.name);
    policy.description = base::text_at(file, "Description");
    policy.document = base::to_pretty_text(*document);
    auto parsed = howdah::iam::parse_policy(policy.document, howdah::iam::DocumentKind::kIdentity);
    CHECK(parsed.ok());
    policy.policy = std::make_shared<const howdah::iam::Policy>(std::move(*parsed));
    out.push_back(std::move(policy));
  }
  std::sort(out.begin(), out.end(),
            [](const AwsPolicy& a, const AwsPolicy& b) { return a.name < b.name; });
  return out;
}

}  // namespace

const std::vector<AwsPolicy>& aws_policies() {
  static const std::vector<AwsPolicy> kPolicies = load_all();
  return kPolicies;
}

const AwsPolicy* find_aws_policy(std::string_view arn) {
  if (!is_aws_policy(arn)) return nullptr;
  for (const AwsPolicy& policy : aws_policies()) {
    if (policy.arn == arn) return &policy;
  }
  return nullptr;
}

}  // namespace howdah::store::iam
