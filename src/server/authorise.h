#pragma once

// Which resource an operation is about, for the policy that decides on it: the ARN that IAM's
// service authorization reference names for the action, made from the operation's input. Pure.

#include <string>
#include <vector>

#include "aws/schema.h"
#include "base/json.h"

namespace howdah::server {

/// Of every service but iam (services/iam/resources.h looks paths up). At least one; "*" where the
/// action has no resource of its own. All of them must be allowed.
std::vector<std::string> resources_of(const aws::Service& service, const aws::Operation& operation,
                                      const base::JsonObject& input, const std::string& region,
                                      const std::string& account);

}  // namespace howdah::server
