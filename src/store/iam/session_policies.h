#pragma once

// Session policies as AssumeRole and EMR Serverless take them: a document, and managed policies by
// ARN. Threads: concurrent calls allowed.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/iam/iam.h"

namespace howdah::store::iam {

/// The documents for Iam::mint_session: `document` (empty: none), then the default version of each
/// managed policy. nullopt when there is neither: nothing is taken away. NoSuchEntity when one of
/// the managed policies is not there.
base::Result<std::optional<std::vector<std::string>>> session_policies(
    Iam& iam, std::string_view document, const std::vector<std::string>& policy_arns);

}  // namespace howdah::store::iam
