// Fuzz entry: any bytes as a policy document of every kind; what parses is evaluated. Nothing may
// crash, and no document may allow what an added "Deny *" forbids.

#include <cstdint>
#include <string_view>

#include "iam/evaluate.h"
#include "iam/policy.h"

namespace iam = howdah::iam;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  iam::Context context;
  context.set("aws:username", "alice");
  context.set("aws:SourceIp", "127.0.0.1");
  context.declare_absent("aws:PrincipalTag/");
  const iam::Request request{"s3:GetObject", "arn:aws:s3:::b/k", context};
  for (auto kind :
       {iam::DocumentKind::kIdentity, iam::DocumentKind::kTrust, iam::DocumentKind::kResource}) {
    auto parsed = iam::parse_policy(text, kind);
    if (!parsed) {
      if (parsed.error().reason != "MalformedPolicyDocument") __builtin_trap();
      continue;
    }
    auto forbid =
        iam::parse_policy(R"({"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})",
                          iam::DocumentKind::kIdentity);
    iam::PolicySet set;
    set.identity = {std::make_shared<iam::Policy>(std::move(*parsed))};
    (void)iam::evaluate(set, request);
    (void)iam::evaluate_trust(*set.identity[0],
                              {"arn:aws:iam::000000000000:user/alice", "", "000000000000", ""},
                              request);
    set.identity.push_back(std::make_shared<iam::Policy>(std::move(*forbid)));
    if (iam::evaluate(set, request).allowed) __builtin_trap();
  }
  return 0;
}
