#pragma once

// The errors of EMR, by the names and in the wording that scripts and SDKs compare (Amazon EMR API
// reference, "Common errors"; InvalidRequestException carries an ErrorCode). Values; no state.

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace howdah::services::emr {

/// ValidationException: the older operations (RunJobFlow, AddJobFlowSteps, Set…) and all limits.
base::Error validation(std::string message);
/// InvalidRequestException with its ErrorCode: the operations that take a ClusterId.
base::Error invalid_request(std::string message, std::string_view error_code = "InvalidRequest");

base::Error no_such_cluster(std::string_view id);
base::Error no_such_step(std::string_view id);
/// What the operations that take a JobFlowId say instead.
base::Error no_such_job_flow(std::string_view id);
base::Error no_such_group(std::string_view id);
base::Error no_such_fleet(std::string_view id);
/// An operation for instance groups on a cluster of instance fleets, and the other way round.
base::Error fleets_not_supported(std::string_view operation, std::string_view instead);
base::Error groups_not_supported(std::string_view operation, std::string_view instead);
/// The same error as the operations that take a ClusterId say it: InvalidRequestException.
base::Error as_invalid_request(base::Error error);
/// A change of a cluster that is TERMINATING or has ended.
base::Error may_not_be_modified();
base::Error bad_marker();

/// The store's error as an operation that takes a ClusterId (and a StepId) says it.
base::Error of_cluster(base::Error error, std::string_view cluster_id,
                       std::string_view step_id = {});
/// The same for operations that take a JobFlowId.
base::Error of_job_flow(base::Error error, std::string_view job_flow_id);

}  // namespace howdah::services::emr
