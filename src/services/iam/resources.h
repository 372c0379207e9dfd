#pragma once

// Which resource an IAM operation is about: what a policy's Resource is compared with when the
// operation itself is authorised (AWS: "Actions, resources, and condition keys for IAM").

#include <string>
#include <string_view>

#include "base/json.h"
#include "store/iam/iam.h"

namespace howdah::services::iam {

/// The ARN of the role, user, group, policy or instance profile that `operation`'s input names,
/// with the path that it has (or is to get); "*" for operations that name none, such as lists.
std::string resource_of(store::iam::Iam& store, std::string_view operation,
                        const base::JsonObject& input, std::string_view principal_arn);

}  // namespace howdah::services::iam
