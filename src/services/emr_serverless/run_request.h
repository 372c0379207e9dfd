#pragma once

// StartJobRun's input beyond its shape: what is wanted, or a ValidationException in AWS's wording
// where it is known. Pure.

#include "aws/emr_serverless/types.h"
#include "base/result.h"
#include "store/control/serverless_store.h"

namespace howdah::services::emr_serverless {

/// What `input` asks of `application`, defaults filled in; without who asks.
base::Result<serverless::WantedRun> run_from(const aws::emr_serverless::StartJobRunInput& input,
                                             const store::ApplicationRow& application);

/// The application may take a run now.
base::Status check_takes_runs(const store::ApplicationRow& application);

/// The part of an application's request that a run keeps for its own answers and start.
base::JsonObject kept_of_application(const base::JsonObject& request);

}  // namespace howdah::services::emr_serverless
