#include "store/iam/node_profile.h"

namespace howdah::store::iam {

std::string_view name_in(std::string_view arn_or_name) {
  return arn_or_name.substr(arn_or_name.rfind('/') + 1);  // npos + 1: all of it
}

base::Result<InstanceProfile> profile_of_nodes(Iam& iam, std::string_view job_flow_role) {
  return iam.instance_profile(job_flow_role.empty() ? "EMR_EC2_DefaultRole"
                                                    : name_in(job_flow_role));
}

}  // namespace howdah::store::iam
