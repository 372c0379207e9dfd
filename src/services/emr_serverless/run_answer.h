#pragma once

// How a job run reads back, as it is or as one of its attempts was. Pure.

#include "aws/emr_serverless/types.h"
#include "serverless/serverless.h"

namespace howdah::services::emr_serverless {

/// nullptr when the run has no attempt of that number.
const serverless::Attempt* attempt_of(const serverless::JobRun& run, int64_t number);

/// `attempt`: nullptr for the run itself with its current attempt.
aws::emr_serverless::JobRun run_answer(const serverless::Key& application,
                                       const serverless::JobRun& run,
                                       const serverless::Attempt* attempt);
aws::emr_serverless::JobRunSummary run_summary(const serverless::Key& application,
                                               const serverless::JobRun& run);
aws::emr_serverless::JobRunAttemptSummary attempt_summary(const serverless::Key& application,
                                                          const serverless::JobRun& run,
                                                          const serverless::Attempt& attempt);

}  // namespace howdah::services::emr_serverless
