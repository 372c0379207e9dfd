#pragma once

// Members of applications and job runs that do not act here: those that promise security or an
// effect that a user would miss are refused, the others are accepted, echoed and named in a
// warning. Pure.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace howdah::services::emr_serverless {

/// Of CreateApplication's input (or what an update makes of it).
base::Status check_refused_members(const base::JsonObject& application);
std::vector<std::string> members_without_effect(const base::JsonObject& application);

/// Of StartJobRun's configurationOverrides.
base::Status check_refused_overrides(const base::JsonObject& overrides);
std::vector<std::string> overrides_without_effect(const base::JsonObject& overrides);

}  // namespace howdah::services::emr_serverless
