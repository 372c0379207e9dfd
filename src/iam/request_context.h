#pragma once

// What a request itself tells to the conditions of policies: where it came from, what it asks for.
// Who asks is added by the store (store/iam). Pure.

#include <string_view>

#include "base/json.h"
#include "iam/context.h"

namespace howdah::iam {

struct RequestFacts {
  std::string_view peer;  // "127.0.0.1:50000" or "[::1]:50000"
  std::string_view user_agent;
  std::string_view referer;
  std::string_view region;
  bool tls = false;
  std::string_view service;                 // the prefix of its actions: "s3"
  const base::JsonObject* input = nullptr;  // under the model's member names; null: not known
};

/// aws:SourceIp, aws:UserAgent, aws:Referer, aws:RequestedRegion, aws:SecureTransport; of the input
/// aws:RequestTag/… and aws:TagKeys (Tags as a list of Key and Value, or tags as a map), and for S3
/// s3:prefix, s3:delimiter, s3:max-keys, s3:VersionId.
Context request_context(const RequestFacts& facts);

}  // namespace howdah::iam
