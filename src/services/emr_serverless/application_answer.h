#pragma once

// How an application reads back: what was asked for, with the defaults that AWS fills in. Pure.

#include "aws/emr_serverless/types.h"
#include "store/control/serverless_store.h"

namespace howdah::services::emr_serverless {

aws::emr_serverless::Application application_answer(const store::ApplicationRow& row);
aws::emr_serverless::ApplicationSummary application_summary(const store::ApplicationRow& row);

}  // namespace howdah::services::emr_serverless
