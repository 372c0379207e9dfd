#pragma once

// The errors of EMR Serverless, by the names and in the wording that scripts compare (API
// reference; messages as the service sends them where they are known). Values; no state.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "serverless/serverless.h"

namespace howdah::services::emr_serverless {

base::Error validation(std::string message);           // 400
base::Error no_such_application(std::string_view id);  // 404, as the next two
base::Error no_such_run(std::string_view id);
base::Error no_such_session(std::string_view id);
base::Error conflict(std::string_view client_token);  // 409

/// "Application 00… must be in one of the following statuses [CREATED, STOPPED]. Current status: …"
base::Error wrong_state(std::string_view id, std::string_view statuses,
                        serverless::ApplicationState now);

/// An error of the store about an application or one of its runs, as a client reads it. What has a
/// reason already is passed through.
base::Error of_store(base::Error error, std::string_view application, std::string_view run = {},
                     std::string_view client_token = {});

}  // namespace howdah::services::emr_serverless
