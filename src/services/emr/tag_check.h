#pragma once

// The rules of tags: keys of 1 to 128 characters, values of at most 256, 50 a cluster, "aws:" is
// AWS's own (Management Guide, "Tag restrictions"). Pure.

#include <string>
#include <utility>
#include <vector>

#include "aws/emr/types.h"
#include "base/result.h"

namespace howdah::services::emr {

using Tags = std::vector<std::pair<std::string, std::string>>;

base::Result<Tags> check_tags(const aws::Views<aws::emr::Tag>& tags);
/// A tag that is there already takes the new value. Refused beyond 50.
base::Status merge_tags(Tags& tags, const Tags& added);

}  // namespace howdah::services::emr
