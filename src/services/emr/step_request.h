#pragma once

// StepConfig of RunJobFlow and AddJobFlowSteps: checked beyond its shape, and as the store keeps
// it. Pure. Limits: 256 steps PENDING, RUNNING or CANCEL_PENDING at once; 10,240 characters in a
// HadoopJarStep (API reference, AddJobFlowSteps).

#include <string>
#include <string_view>
#include <vector>

#include "aws/emr/types.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/control/control_store.h"

namespace howdah::services::emr {

inline constexpr size_t kMostActiveSteps = 256;
inline constexpr size_t kMostStepCharacters = 10240;

/// Where logs may go: s3://, s3n:// or s3a:// with a bucket. ValidationException naming `member`.
base::Status check_log_uri(std::string_view member, std::string_view uri);

/// New ids for each. `concurrency` above 1 allows only CONTINUE (API reference, StepConfig).
base::Result<std::vector<store::NewStep>> check_steps(const aws::Views<aws::emr::StepConfig>& steps,
                                                      int concurrency,
                                                      std::string_view execution_role,
                                                      base::Ids& ids);

}  // namespace howdah::services::emr
