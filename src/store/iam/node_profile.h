#pragma once

// Which instance profile the nodes of a cluster have. Pure but for the store's own verb.

#include <string_view>

#include "base/result.h"
#include "store/iam/iam.h"

namespace howdah::store::iam {

/// `job_flow_role`: RunJobFlow's JobFlowRole, a name or an ARN; empty: EMR_EC2_DefaultRole, as
/// `aws emr create-default-roles` makes it. kNotFound, "NoSuchEntity".
base::Result<InstanceProfile> profile_of_nodes(Iam& iam, std::string_view job_flow_role);

/// "arn:aws:iam::000000000000:role/path/NAME", "path/NAME" or a plain name: NAME.
std::string_view name_in(std::string_view arn_or_name);

}  // namespace howdah::store::iam
