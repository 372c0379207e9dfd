#pragma once

// AWS's words for what goes wrong with identities, each with the code that stands on the wire.

#include <string_view>

#include "base/error.h"
#include "store/iam/records.h"

namespace howdah::store::iam {

base::Error no_such_entity(std::string message);
base::Error delete_conflict(std::string message);
base::Error limit_exceeded(std::string message);

/// "The role with name X cannot be found."; for a policy `name` is its ARN.
base::Error not_found(Kind kind, std::string_view name);
/// "Role with name X already exists."
base::Error already_exists(Kind kind, std::string_view name);
/// What is AWS's own cannot be changed.
base::Error not_yours(std::string_view policy_arn);

std::string_view word_for(Kind kind);  // "role"

}  // namespace howdah::store::iam
