#pragma once

// CreateApplication's input, or what UpdateApplication makes of it, beyond its shape: what is
// wanted, or a ValidationException in AWS's wording where it is known. Pure but for reading the
// release table.

#include <string>
#include <string_view>

#include "apps/releases.h"
#include "base/json.h"
#include "base/result.h"
#include "serverless/serverless.h"

namespace howdah::services::emr_serverless {

/// The architecture of this machine as AWS names it: workers are its processes.
inline constexpr std::string_view kArchitectureHere =
#if defined(__aarch64__)
    "ARM64";
#else
    "X86_64";
#endif

/// What `request` asks for, defaults filled in; without tags and intents.
base::Result<serverless::WantedApplication> application_from(const base::JsonObject& request,
                                                             const apps::Releases& releases);

/// "emr-7.1.0" or later.
bool at_least(std::string_view label, std::string_view oldest);

/// A tag's key must not begin with aws:, and a resource has 200 tags at most.
base::Status check_tags(const std::vector<std::pair<std::string, std::string>>& tags);

}  // namespace howdah::services::emr_serverless
